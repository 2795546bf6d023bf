package dev.palimpsest.tune;

import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.AutogradDecoder;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.PromptAdapter;
import dev.palimpsest.model.TrainedDecoder;
import dev.palimpsest.model.VirtualTokens;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;

/** Virtual tokens that train before a frozen decoder, by libtorch's graph. */
final class TrainedPrompt implements Trained {
  private final Decoder base;
  private final PromptAdapter adapter;
  private final Tensor parameters;
  private final Tensor gradient;
  private final Tensor gradientView;

  /** Begins with a copy of what is given. */
  TrainedPrompt(Decoder base, PromptAdapter begun) {
    this.base = base;
    Tensor given = begun.tokens().embeddings();
    try (Scope scope = Scope.open()) {
      parameters =
          scope.release(given.to(DType.F32).copy().to(base.device()).reshape(given.count()));
      gradient = scope.release(parameters.newZeros(DType.F32, given.count()));
      gradientView = scope.release(gradient.view(given.shape()));
      Tensor leaf = scope.release(parameters.view(given.shape()).detach());
      VirtualTokens tokens =
          new VirtualTokens(begun.tokens().kind(), leaf.collectGradientIn(gradientView));
      this.adapter = new PromptAdapter(tokens, begun.baseName(), begun.baseFingerprint());
    }
  }

  @Override
  public Tensor parameters() {
    return parameters;
  }

  @Override
  public Tensor gradient() {
    return gradient;
  }

  @Override
  public TrainedDecoder decoder() {
    return new AutogradDecoder(current());
  }

  @Override
  public AdaptedDecoder current() {
    return adapter.over(base);
  }

  @Override
  public String outcome() {
    return "adapter";
  }

  @Override
  public void write(Path folder) {
    PeftFolder.write(folder, adapter, base.config());
  }

  @Override
  public void close() {
    adapter.close();
    gradientView.close();
    gradient.close();
    parameters.close();
  }
}
