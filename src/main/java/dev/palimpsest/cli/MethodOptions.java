package dev.palimpsest.cli;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tune.Full;
import dev.palimpsest.tune.LowRank;
import dev.palimpsest.tune.Method;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What trains; defaults are PEFT's and TRL's. */
final class MethodOptions {
  @Option(
      names = "--method",
      defaultValue = "lora",
      description =
          "lora, rslora, dora, pissa, lora+, qlora (over an nf4 base), full, freeze;"
              + " default: ${DEFAULT-VALUE}")
  private String method = "";

  @Option(names = "--rank", description = "default: ${DEFAULT-VALUE}")
  private int rank = LowRank.RANK;

  @Option(names = "--alpha", description = "default: twice the rank")
  private @Nullable Double alpha;

  @Option(names = "--targets", description = "default: ${DEFAULT-VALUE}")
  private String targets = LowRank.TARGETS;

  @Option(
      names = "--rank-pattern",
      paramLabel = "PATTERN=N",
      description = "rank of the modules whose names end so; may repeat")
  private List<String> rankPatterns = List.of();

  @Option(
      names = "--alpha-pattern",
      paramLabel = "PATTERN=N",
      description = "alpha of the modules whose names end so; may repeat")
  private List<String> alphaPatterns = List.of();

  @Option(
      names = "--lora-plus-ratio",
      description = "lora+: how many times A's rate B has; default: 16")
  private @Nullable Double ratio;

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
    LowRank.Patterns patterns =
        new LowRank.Patterns(
            byPattern("--rank-pattern", rankPatterns, Integer::valueOf),
            byPattern("--alpha-pattern", alphaPatterns, Double::valueOf));
    LowRank chosen = LowRank.of(method, rank, scale, targets).with(patterns);
    return ratio == null ? chosen : chosen.withRatio(ratio);
  }

  /** A pattern may hold an equals sign itself, so the last one counts. */
  private static <T> Map<String, T> byPattern(
      String option, List<String> given, Function<String, T> number) {
    Map<String, T> values = new LinkedHashMap<>();
    for (String each : given) {
      int sign = each.lastIndexOf('=');
      try {
        values.put(each.substring(0, sign), number.apply(each.substring(sign + 1)));
      } catch (IndexOutOfBoundsException | NumberFormatException e) {
        throw new BadInput(option + " " + each + ": give PATTERN=N, as q_proj=8", e);
      }
    }
    return values;
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
