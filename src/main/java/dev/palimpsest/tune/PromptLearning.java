package dev.palimpsest.tune;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.PromptAdapter;
import dev.palimpsest.model.VirtualTokens;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Virtual tokens before every sequence, the weights left alone.
 *
 * @param method soft-prompt or prefix
 * @param tokens how many
 * @param initText what they begin as, cut or repeated to their number, as PEFT does; where empty, a
 *     soft prompt begins as tokens drawn from the vocabulary, a prefix as normal noise
 */
public record PromptLearning(String method, int tokens, Optional<String> initText)
    implements Method {
  /** How many, if nothing is said. */
  public static final int TOKENS = 20;

  /** Checks method and number. */
  public PromptLearning {
    if (!method.equals("soft-prompt") && !method.equals("prefix")) {
      throw new BadInput("--method " + method + ": known are soft-prompt, prefix");
    }
    if (tokens < 1) {
      throw new BadInput("--tokens " + tokens + ": give 1 or more");
    }
  }

  @Override
  public int virtualTokens() {
    return tokens;
  }

  @Override
  public long peakBytes(Footprint base, TuneSettings settings, int rows) {
    return base.tuningPeak(0, base.graphBytes(rows + tokens)); // its vectors are a few rows
  }

  @Override
  public Set<String> changes(ModelConfig model) {
    return Set.of();
  }

  @Override
  public Start over(LanguageModel model, String name) {
    int context = model.decoder().config().context();
    if (tokens >= context) {
      throw new BadInput(
          "--tokens " + tokens + " leave no room in a context of " + context + "; give fewer");
    }
    Optional<int[]> text = initText.map(words -> repeated(model, words));
    return seeds -> {
      try (Scope _ = Scope.open()) {
        Tensor begun =
            Native.withoutGradients(() -> begin(model.decoder(), text, seeds.generator(method)));
        return new TrainedPrompt(
            model.decoder(),
            new PromptAdapter(
                new VirtualTokens(kind(), begun),
                Optional.of(name),
                Optional.of(model.fingerprint())));
      }
    };
  }

  private VirtualTokens.Kind kind() {
    return method.equals("prefix") ? VirtualTokens.Kind.PREFIX : VirtualTokens.Kind.SOFT_PROMPT;
  }

  private int[] repeated(LanguageModel model, String words) {
    int[] ids = model.tokenizer().encodeDocument(words);
    if (ids.length == 0) {
      throw new BadInput("--init-text \"" + words + "\" has no tokens");
    }
    int[] all = new int[tokens];
    for (int i = 0; i < tokens; i++) {
      all[i] = ids[i % ids.length];
    }
    return all;
  }

  private Tensor begin(Decoder decoder, Optional<int[]> text, RandomGenerator random) {
    if (kind() == VirtualTokens.Kind.SOFT_PROMPT) {
      int vocabulary = decoder.config().vocabulary();
      return decoder.embed(text.orElseGet(() -> random.ints(tokens, 0, vocabulary).toArray()));
    }
    return text.map(ids -> VirtualTokens.prefix(decoder, ids))
        .orElseGet(() -> noise(random, kind().columns(decoder.config())));
  }

  // as torch's nn.Embedding, which PEFT begins with
  private Tensor noise(RandomGenerator random, long columns) {
    float[] values = new float[Math.toIntExact(tokens * columns)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, tokens, columns);
  }
}
