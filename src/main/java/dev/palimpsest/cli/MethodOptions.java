package dev.palimpsest.cli;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tune.LowRank;
import dev.palimpsest.tune.Method;
import dev.palimpsest.tune.PromptLearning;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What trains; defaults are PEFT's and TRL's. */
final class MethodOptions {
  @Option(
      names = "--method",
      defaultValue = "lora",
      description = "lora, rslora, soft-prompt, prefix; default: ${DEFAULT-VALUE}")
  private String method = "";

  @Option(names = "--rank", description = "default: ${DEFAULT-VALUE}")
  private int rank = LowRank.RANK;

  @Option(names = "--alpha", description = "default: twice the rank")
  private @Nullable Double alpha;

  @Option(names = "--targets", description = "default: ${DEFAULT-VALUE}")
  private String targets = LowRank.TARGETS;

  @Option(names = "--tokens", description = "of a soft prompt or prefix; default: 20")
  private @Nullable Integer tokens;

  @Option(
      names = "--init-text",
      description =
          "what a soft prompt or prefix begins as; default: tokens at random, for a prefix noise")
  private @Nullable String initText;

  Method method() {
    boolean prompt = method.equals("soft-prompt") || method.equals("prefix");
    if (prompt ? ofFactors() : tokens != null || initText != null) {
      throw new BadInput(
          "--method "
              + method
              + ": --rank, --alpha and --targets go with factors, --tokens and --init-text with"
              + " soft-prompt and prefix");
    }
    if (prompt) {
      int count = tokens == null ? PromptLearning.TOKENS : tokens;
      return new PromptLearning(method, count, Optional.ofNullable(initText));
    }
    OptionalDouble scale = alpha == null ? OptionalDouble.empty() : OptionalDouble.of(alpha);
    return LowRank.of(method, rank, scale, targets);
  }

  private boolean ofFactors() {
    return rank != LowRank.RANK || alpha != null || !targets.equals(LowRank.TARGETS);
  }
}
