package dev.palimpsest.tune;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.AdapterConfig;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Problems;
import dev.palimpsest.tensor.Scope;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The factors of an adapter that is there already train further; the optimiser begins anew.
 *
 * @param method lora, rslora, dora or lora+: what the adapter is
 * @param from the adapter
 * @param ratio how many times A's rate B has; 1 but for LoRA+
 */
public record Continued(String method, Earlier from, double ratio) implements Method {
  /** What a plain LoRA can go on by. */
  private static final List<String> PLAIN = List.of("lora", "lora+");

  /**
   * What a user says beside the adapter, all of which must be the adapter's own.
   *
   * @param method one of {@link LowRank#METHODS}
   * @param others options that an adapter which is there cannot have
   */
  public record Asked(
      Optional<String> method, OptionalInt rank, OptionalDouble alpha, List<String> others) {
    /** Copies the list. */
    public Asked {
      others = List.copyOf(others);
    }
  }

  /**
   * Goes on from an adapter.
   *
   * @throws BadInput naming all that is asked and is not so
   */
  public static Continued of(Path adapter, Asked asked) {
    Earlier earlier = Earlier.of(adapter);
    AdapterConfig config = earlier.config();
    Problems problems = new Problems();
    String kind =
        config.weightDecomposed() ? "dora" : config.rankStabilised() ? "rslora" : PLAIN.getFirst();
    String method = asked.method.orElse(kind);
    if (!method.equals(kind) && !(PLAIN.contains(kind) && PLAIN.contains(method))) {
      problems.add("--method " + method + ": it is " + kind);
    }
    if (asked.rank.orElse(config.rank()) != config.rank()) {
      problems.add("--rank " + asked.rank.getAsInt() + ": its rank is " + config.rank());
    }
    if (asked.alpha.orElse(config.alpha()) != config.alpha()) {
      problems.add("--alpha " + asked.alpha.getAsDouble() + ": its alpha is " + config.alpha());
    }
    asked.others.forEach(option -> problems.add(option + ": its modules and ranks are settled"));
    problems.throwIfAny(
        "--from " + adapter + " trains an adapter as it is; leave out what it is not");
    return new Continued(method, earlier, method.equals("lora+") ? LowRank.RATIO : 1);
  }

  /**
   * LoRA+ with another ratio.
   *
   * @throws BadInput if the method is another
   */
  public Continued withRatio(double other) {
    if (!method.equals("lora+") || !(other > 0)) {
      throw new BadInput("--lora-plus-ratio " + other + ": give it above 0, with --method lora+");
    }
    return new Continued(method, from, other);
  }

  @Override
  public boolean ofFactors() {
    return true;
  }

  @Override
  public Optional<Earlier> earlier() {
    return Optional.of(from);
  }

  @Override
  public long peakBytes(Footprint base, TuneSettings settings, int rows) {
    AdapterConfig config = from.config();
    long unscaled = config.weightDecomposed() ? base.unscaledBytes(rows) : 0;
    return base.tuningPeak(base.adapterBytes(config), base.passBytes(rows) + unscaled);
  }

  @Override
  public Set<String> changes(ModelConfig model) {
    return from.config().tensors(model);
  }

  @Override
  public Start over(LanguageModel model, String name) {
    from.require(model);
    AdapterConfig config = config(model, name);
    return _ -> {
      try (Scope _ = Scope.open()) {
        LoraParameters factors =
            LoraParameters.from(from.read(model).factors(), model.decoder().device());
        return new TrainedAdapter(config, model.decoder(), factors, ratio);
      }
    };
  }

  /** The adapter's configuration over the model that it goes on with. */
  AdapterConfig config(LanguageModel model, String name) {
    return from.config().over(name, model.fingerprint());
  }
}
