package dev.palimpsest.tune;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.AdapterConfig;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.TargetModules;
import dev.palimpsest.run.BadInput;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * An adapter of low rank.
 *
 * @param method lora or rslora
 * @param rank inner dimension
 * @param alpha scale · rank, or scale · √rank for rsLoRA
 * @param targets {@code all-linear}, module names by comma, or a pattern
 */
public record LowRank(String method, int rank, double alpha, String targets) implements Method {
  /** The rank, if nothing is said. */
  public static final int RANK = 16;

  /** The modules, if nothing is said. */
  public static final String TARGETS = "all-linear";

  /** An adapter whose alpha, if nothing is said, is twice its rank. */
  public static LowRank of(String method, int rank, OptionalDouble alpha, String targets) {
    return new LowRank(method, rank, alpha.orElse(2.0 * rank), targets);
  }

  /** Checks method, rank and alpha. */
  public LowRank {
    if (rank < 1) {
      throw new BadInput("--rank " + rank + ": give 1 or more");
    }
    if (!(alpha > 0 && Double.isFinite(alpha))) {
      throw new BadInput("--alpha " + alpha + ": give a number above 0");
    }
    if (!method.equals("lora") && !method.equals("rslora")) {
      throw new BadInput("--method " + method + ": known are lora, rslora, soft-prompt, prefix");
    }
  }

  @Override
  public Start over(LanguageModel model, String name) {
    Decoder base = model.decoder();
    AdapterConfig config = config(model, name);
    return seeds ->
        new TrainedAdapter(config, base, LoraParameters.fresh(config, base.config(), seeds));
  }

  /** The adapter's configuration over a model. */
  AdapterConfig config(LanguageModel model, String name) {
    AdapterConfig config =
        new AdapterConfig(
            rank,
            alpha,
            method.equals("rslora"),
            TargetModules.parse(targets),
            Map.of(),
            Map.of(),
            0,
            Optional.of(name),
            Optional.of(model.fingerprint()));
    if (config.modules(model.decoder().config()).isEmpty()) {
      throw new BadInput(
          "--targets "
              + targets
              + ": no module of this model; try all-linear, or names such as q_proj,v_proj");
    }
    return config;
  }
}
