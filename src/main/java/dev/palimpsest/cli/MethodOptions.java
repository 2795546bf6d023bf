package dev.palimpsest.cli;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tune.Full;
import dev.palimpsest.tune.LowRank;
import dev.palimpsest.tune.Method;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What trains; defaults are PEFT's and TRL's. */
final class MethodOptions {
  @Option(
      names = "--method",
      defaultValue = "lora",
      description = "lora, rslora, full, freeze; default: ${DEFAULT-VALUE}")
  private String method = "";

  @Option(names = "--rank", description = "default: ${DEFAULT-VALUE}")
  private int rank = LowRank.RANK;

  @Option(names = "--alpha", description = "default: twice the rank")
  private @Nullable Double alpha;

  @Option(names = "--targets", description = "default: ${DEFAULT-VALUE}")
  private String targets = LowRank.TARGETS;

  @Option(
      names = "--train",
      description =
          "what trains by freeze: norms, embeddings, head, layers:FROM-TO, names such as q_proj,"
              + " by comma")
  private @Nullable String trains;

  Method method() {
    if (method.equals(Full.FULL) || method.equals(Full.FREEZE)) {
      requireNoAdapter();
      return Full.of(method, Optional.ofNullable(trains));
    }
    if (trains != null) {
      throw new BadInput("--train " + trains + ": give it with --method freeze");
    }
    OptionalDouble scale = alpha == null ? OptionalDouble.empty() : OptionalDouble.of(alpha);
    return LowRank.of(method, rank, scale, targets);
  }

  private void requireNoAdapter() {
    if (rank != LowRank.RANK || alpha != null || !targets.equals(LowRank.TARGETS)) {
      throw new BadInput(
          "--rank, --alpha and --targets are an adapter's: leave them out with --method "
              + method
              + (method.equals(Full.FREEZE) ? ", and say by --train what trains" : ""));
    }
  }
}
