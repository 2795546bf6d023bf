package dev.palimpsest.cli;

import dev.palimpsest.run.BadInput;
import java.util.Set;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** A call that goes on with a run, which has all its settings. */
final class Resumed {
  private static final Set<String> BESIDE = Set.of("--resume", "--json", "--debug", "--quiet");

  private Resumed() {}

  /** Refuses a setting that would be passed over. */
  static void requireAlone(ParseResult call) {
    for (OptionSpec option : call.matchedOptions()) {
      if (!BESIDE.contains(option.longestName())) {
        throw new BadInput(
            option.longestName()
                + " beside --resume: the run keeps its settings, nothing else is needed");
      }
    }
  }
}
