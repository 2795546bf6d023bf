package dev.palimpsest.tune;

import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.AdapterConfig;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.FrozenDecoder;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.TrainedDecoder;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Factors that train over a frozen decoder.
 *
 * @param config of the factors as they train
 * @param ratio how many times A's rate all others have
 * @param below what the base has in it that is no part of the model; owned, the base with it
 */
record TrainedAdapter(
    AdapterConfig config,
    Decoder base,
    LoraParameters factors,
    double ratio,
    TrainedDecoder decoder,
    Optional<Adapter> below)
    implements Trained {
  /** What the state calls the parameters that a base holds already. */
  static final String START = "start";

  /** The written-out gradient. */
  TrainedAdapter(AdapterConfig config, Decoder base, LoraParameters factors, double ratio) {
    this(
        config,
        base,
        factors,
        ratio,
        new FrozenDecoder(base, factors.factors(), factors.ends()),
        Optional.empty());
  }

  @Override
  public List<Stretch> stretches() {
    FactorLayout layout = factors.layout();
    List<Stretch> all = new ArrayList<>();
    all.add(new Stretch(layout.ofA(), 1));
    all.add(new Stretch(layout.ofFactors() - layout.ofA(), ratio));
    if (layout.rows().size() > 0) {
      all.add(new Stretch(layout.rows().size(), 1));
    }
    return all;
  }

  /**
   * Where PiSSA began. The bits of a singular value decomposition hang on the processor and the
   * threads, and a checkpoint means the same everywhere, so it is saved.
   */
  @Override
  public Map<String, Tensor> constants() {
    return factors.start().map(start -> Map.of(START, start)).orElse(Map.of());
  }

  @Override
  public Tensor parameters() {
    return factors.parameters();
  }

  @Override
  public Tensor gradient() {
    return factors.gradient();
  }

  /** What is of the ends is left out: an embedding's is looked up, a head's sees labels alone. */
  @Override
  public long factorCount() {
    return factors.layout().ofBlocks();
  }

  @Override
  public List<FlatView> views() {
    return factors.layout().tensors();
  }

  @Override
  public AdaptedDecoder current() {
    return new AdaptedDecoder(base, factors.factors(), factors.ends());
  }

  @Override
  public String outcome() {
    return "adapter";
  }

  @Override
  public void write(Path folder) {
    Adapter own = new Adapter(config, factors.factors(), factors.ends());
    PeftFolder.write(folder, below.map(first -> first.and(own)).orElseGet(own::whole));
  }

  @Override
  public void close() {
    decoder.close();
    factors.close();
    below.ifPresent(
        first -> {
          base.close();
          first.close();
        });
  }
}
