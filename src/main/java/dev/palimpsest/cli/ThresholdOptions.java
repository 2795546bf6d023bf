package dev.palimpsest.cli;

import dev.palimpsest.measure.Threshold;
import dev.palimpsest.run.BadInput;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Limits on what a retention probe may lose. */
final class ThresholdOptions {
  @Option(names = "--fail-if-lost", description = "exit 1 if a retention probe lost more, as 1%%")
  private @Nullable String failIfLost;

  @Option(
      names = "--require-kept",
      description = "exit 1 unless every retention probe is known to have lost less, as 1%%")
  private @Nullable String requireKept;

  List<Threshold> asked() {
    List<Threshold> asked = new ArrayList<>();
    if (failIfLost != null) {
      asked.add(new Threshold(Threshold.Rule.FAIL_IF_LOST, percent("--fail-if-lost", failIfLost)));
    }
    if (requireKept != null) {
      asked.add(new Threshold(Threshold.Rule.REQUIRE_KEPT, percent("--require-kept", requireKept)));
    }
    return asked;
  }

  /** A share from a percentage between 0 and 100, with its sign or without. */
  static double percent(String option, String text) {
    double percent;
    try {
      percent =
          Double.parseDouble(text.endsWith("%") ? text.substring(0, text.length() - 1) : text);
    } catch (NumberFormatException e) {
      throw new BadInput(option + " " + text + ": not a percentage, such as 1%", e);
    }
    if (!(percent >= 0 && percent <= 100)) { // NaN too, which every threshold would pass
      throw new BadInput(option + " " + text + ": not a percentage from 0 to 100, such as 1%");
    }
    return percent / 100;
  }
}
