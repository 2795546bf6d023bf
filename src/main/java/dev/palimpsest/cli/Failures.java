package dev.palimpsest.cli;

import dev.palimpsest.run.BadInput;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** What a failure becomes: one line on stderr and an exit code. */
final class Failures {
  static final int WORK = 1;
  static final int INPUT = 2;

  private static final String LESS = "take a smaller --batch or --max-length";

  /** Of its allocators for GPUs and for the CPU. */
  private static final Pattern LIBTORCH_IS_FULL =
      Pattern.compile("CUDA out of memory|can't allocate memory");

  /** Where in C++ a failure of libtorch's was, which its words go on with. */
  private static final Pattern IN_LIBTORCH = Pattern.compile("\\R(Exception raised from|frame #)");

  private Failures() {}

  /** The call itself is wrong. */
  static int ofCall(ParameterException failure, String[] arguments) {
    if (failure.getCause() instanceof BadInput input) { // of a --config file; picocli wraps it
      return tell(input, String.valueOf(input.getMessage()), INPUT, Arrays.asList(arguments));
    }
    if (failure instanceof MissingParameterException missing) {
      List<String> unknown = missing.getCommandLine().getUnmatchedArguments();
      if (!unknown.isEmpty()) { // one that is misspelt is missing, too
        return ofCall(new UnmatchedArgumentException(missing.getCommandLine(), unknown), arguments);
      }
    }
    List<String> near =
        failure instanceof UnmatchedArgumentException unmatched
            ? nearestFirst(unmatched)
            : List.of();
    String hint = near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?";
    String message = String.valueOf(failure.getMessage()).replaceFirst("^Error: ", "");
    return tell(failure, message + hint, INPUT, Arrays.asList(arguments));
  }

  /**
   * picocli tells all of one beginning as declared; who misspells a name keeps about its length.
   */
  private static List<String> nearestFirst(UnmatchedArgumentException unmatched) {
    int length = unmatched.getUnmatched().getFirst().length();
    return unmatched.getSuggestions().stream()
        .sorted(Comparator.comparingInt(each -> Math.abs(each.length() - length)))
        .toList();
  }

  /** The work failed. */
  static int ofWork(Exception failure, CommandLine command, ParseResult call) {
    // settings records refuse values by IllegalArgumentException
    boolean input = failure instanceof BadInput || failure instanceof IllegalArgumentException;
    String whole =
        Optional.ofNullable(failure.getMessage()).orElse(failure.getClass().getSimpleName());
    Matcher in = IN_LIBTORCH.matcher(whole);
    String message = in.find() ? whole.substring(0, in.start()) : whole;
    boolean full = LIBTORCH_IS_FULL.matcher(message).find();
    return tell(
        failure,
        full ? "out of memory (" + message + "): " + LESS : message,
        input ? INPUT : WORK,
        call.originalArgs());
  }

  /** Java's memory ran out. */
  static int ofMemory(OutOfMemoryError failure, String[] arguments) {
    String message =
        "out of memory (" + failure.getMessage() + "): " + LESS + ", or give Java more";
    return tell(failure, message, WORK, Arrays.asList(arguments));
  }

  private static int tell(Throwable failure, String message, int code, List<String> arguments) {
    if (arguments.contains("--debug")) {
      failure.printStackTrace();
    }
    System.err.println("palimpsest: error: " + message.strip().replaceAll("\\s*\\R\\s*", " "));
    return code;
  }
}
