package dev.palimpsest.cli;

import dev.palimpsest.generate.Prompting;
import dev.palimpsest.generate.Shots;
import dev.palimpsest.measure.Control;
import dev.palimpsest.measure.Side;
import dev.palimpsest.measure.Sides;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What is held against each other. */
final class SideOptions {
  // required, but not of a command's subcommands
  @Option(names = "--before", description = "MODEL, MODEL+ADAPTER or URL#MODEL")
  private @Nullable String before;

  @Option(names = "--after", description = "MODEL, MODEL+ADAPTER or URL#MODEL")
  private @Nullable String after;

  @Option(names = "--before-system", description = "system text of the side before alone")
  private @Nullable String beforeSystem;

  @Option(
      names = "--before-examples",
      paramLabel = "FILE[:N]",
      description = "its first N rows, or all, as turns before every prompt of the side before")
  private @Nullable String beforeExamples;

  @Option(names = "--after-system", description = "system text of the side after and the controls")
  private @Nullable String afterSystem;

  @Option(
      names = "--after-examples",
      paramLabel = "FILE[:N]",
      description = "likewise of the side after and the controls")
  private @Nullable String afterExamples;

  @Option(
      names = "--control",
      description =
          "a change whose losses stand beside: random[:SEED], of the adapter's norm, or"
              + " MODEL+ADAPTER, such as another seed's; may repeat")
  private List<String> controls = new ArrayList<>();

  Sides sides(CommandLine call) {
    if (before == null || after == null) {
      throw new ParameterException(call, call.getCommandName() + " needs --before and --after");
    }
    return new Sides(
        Side.parse(before).prompted(prompting(beforeSystem, beforeExamples)),
        Side.parse(after).prompted(prompting(afterSystem, afterExamples)),
        controls.stream().map(Control::parse).toList());
  }

  private static Prompting prompting(@Nullable String system, @Nullable String examples) {
    return Prompting.of(
        Optional.ofNullable(system), Optional.ofNullable(examples).map(Shots::parse));
  }
}
