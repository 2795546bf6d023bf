package dev.palimpsest.cli;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tune.Regularisers;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What holds the parameters back, against forgetting. */
final class HoldOptions {
  @Option(
      names = "--l2-to-start",
      paramLabel = "LAMBDA",
      description = "adds LAMBDA/2 times the squared change of the weights to the loss")
  private @Nullable Double l2ToStart;

  Regularisers regularisers() {
    return new Regularisers(weight("--l2-to-start", l2ToStart));
  }

  private static double weight(String option, @Nullable Double given) {
    if (given == null) {
      return 0;
    }
    if (!(given > 0 && Double.isFinite(given))) {
      throw new BadInput(option + " " + given + ": give a number above 0");
    }
    return given;
  }
}
