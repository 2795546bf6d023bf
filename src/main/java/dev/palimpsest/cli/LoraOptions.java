package dev.palimpsest.cli;

import dev.palimpsest.tune.TuneJob;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The adapter that trains; defaults are PEFT's and TRL's. */
final class LoraOptions {
  @Option(
      names = "--method",
      defaultValue = "lora",
      description = "lora, rslora; default: ${DEFAULT-VALUE}")
  private String method = "";

  @Option(names = "--rank", defaultValue = "16", description = "default: ${DEFAULT-VALUE}")
  private int rank;

  @Option(names = "--alpha", description = "default: twice the rank")
  private @Nullable Double alpha;

  @Option(
      names = "--targets",
      defaultValue = "all-linear",
      description = "default: ${DEFAULT-VALUE}")
  private String targets = "";

  TuneJob.Lora lora() {
    return new TuneJob.Lora(method, rank, alpha == null ? 2.0 * rank : alpha, targets);
  }
}
