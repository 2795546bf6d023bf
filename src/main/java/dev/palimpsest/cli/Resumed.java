package dev.palimpsest.cli;

import dev.palimpsest.run.BadInput;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** A call that goes on with a run, or makes one again, which has all its settings. */
final class Resumed {
  private static final Set<String> OUTPUT = Set.of("--json", "--debug", "--quiet");

  private Resumed() {}

  /**
   * Refuses a setting that would be passed over.
   *
   * @param own the options that such a call has, the one that makes it such a call first
   */
  static void requireAlone(ParseResult call, List<String> own) {
    for (OptionSpec option : call.matchedOptions()) {
      String name = option.longestName();
      if (!OUTPUT.contains(name) && !own.contains(name)) {
        throw new BadInput(
            "%s beside %s: the run keeps its settings, nothing else is needed"
                .formatted(name, own.getFirst()));
      }
    }
  }
}
