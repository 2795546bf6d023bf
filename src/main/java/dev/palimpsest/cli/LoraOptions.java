package dev.palimpsest.cli;

import dev.palimpsest.tune.TuneJob;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The adapter that trains; defaults are PEFT's and TRL's. */
final class LoraOptions {
  @Option(
      names = "--method",
      defaultValue = "lora",
      description = "lora, rslora; default: ${DEFAULT-VALUE}")
  private String method = "";

  @Option(names = "--rank", description = "default: ${DEFAULT-VALUE}")
  private int rank = TuneJob.Lora.RANK;

  @Option(names = "--alpha", description = "default: twice the rank")
  private @Nullable Double alpha;

  @Option(names = "--targets", description = "default: ${DEFAULT-VALUE}")
  private String targets = TuneJob.Lora.TARGETS;

  TuneJob.Lora lora() {
    OptionalDouble scale = alpha == null ? OptionalDouble.empty() : OptionalDouble.of(alpha);
    return TuneJob.Lora.of(method, rank, scale, targets);
  }
}
