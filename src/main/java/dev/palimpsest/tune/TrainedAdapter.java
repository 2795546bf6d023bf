package dev.palimpsest.tune;

import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.AdapterConfig;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.FrozenDecoder;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.TrainedDecoder;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Factors that train over a frozen decoder. */
record TrainedAdapter(
    AdapterConfig config, Decoder base, LoraParameters factors, TrainedDecoder decoder)
    implements Trained {
  /** The written-out gradient. */
  TrainedAdapter(AdapterConfig config, Decoder base, LoraParameters factors) {
    this(config, base, factors, new FrozenDecoder(base, factors.factors()));
  }

  @Override
  public Tensor parameters() {
    return factors.parameters();
  }

  @Override
  public Tensor gradient() {
    return factors.gradient();
  }

  @Override
  public List<View> views() {
    List<View> views = new ArrayList<>();
    long offset = 0;
    for (Map.Entry<String, Factors> module : factors.factors().entrySet()) {
      Factors own = module.getValue();
      View a = new View(module.getKey() + ".lora_A.weight", offset, own.a().shape());
      View b = new View(module.getKey() + ".lora_B.weight", offset + a.count(), own.b().shape());
      offset += a.count() + b.count();
      views.add(a);
      views.add(b);
    }
    return views;
  }

  @Override
  public AdaptedDecoder current() {
    return new AdaptedDecoder(base, factors.factors());
  }

  @Override
  public String outcome() {
    return "adapter";
  }

  @Override
  public void write(Path folder) {
    PeftFolder.write(folder, new Adapter(config, factors.factors()));
  }

  @Override
  public void close() {
    decoder.close();
    factors.close();
  }
}
