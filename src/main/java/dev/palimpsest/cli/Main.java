package dev.palimpsest.cli;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Native;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The launcher's entry point. */
@Command(
    name = "palimpsest",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description =
        "Change an open-weight language model, and see what was written and what was overwritten.",
    subcommands = {
      PullCommand.class,
      CheckCommand.class,
      EstimateCommand.class,
      TuneCommand.class,
      ScoreCommand.class,
      GenerateCommand.class,
      LedgerCommand.class,
      ReportCommand.class,
      CompareCommand.class,
      SequenceCommand.class,
      MergeCommand.class,
      ExportCommand.class,
      QuantiseCommand.class,
      InspectCommand.class,
      StudyCommand.class,
      ExtractCommand.class,
      GrowCommand.class,
      PortCommand.class,
      DemoCommand.class
    })
public final class Main implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @SuppressWarnings("NullAway.Init") // picocli sets the field
  Main() {}

  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(), "which command? " + String.join(", ", spec.subcommands().keySet()));
  }

  /** Runs one command and exits with its code. */
  public static void main(String[] arguments) {
    System.exit(run(commandLine(), arguments));
  }

  /** Runs one command; memory that ran out is no exception, so picocli lets it pass. */
  static int run(CommandLine commands, String... arguments) {
    try {
      return commands.execute(arguments);
    } catch (OutOfMemoryError failure) {
      return Failures.ofMemory(failure, arguments);
    }
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(Failures::ofCall)
        .setExecutionExceptionHandler(Failures::ofWork);
  }

  /** Settles the threads of all operations; 0 takes all processors. */
  static int threads(int asked) {
    if (asked < 0) {
      throw new BadInput("--threads " + asked + ": give 1 or more, or 0 for all processors");
    }
    int threads = asked > 0 ? asked : Runtime.getRuntime().availableProcessors();
    Native.threads(threads);
    return threads;
  }
}
