package dev.palimpsest.measure;

import dev.palimpsest.measure.Workspace.Ended;
import dev.palimpsest.measure.Workspace.Limits;
import dev.palimpsest.run.BadInput;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/**
 * Verilog by compiler and test bench: answer and bench are compiled together by {@code iverilog
 * -g2012} and run by {@code vvp}; the answer is right if both end by themselves with status 0 and
 * the output has what {@code pass} looks for. The first fenced block of an answer counts, all of it
 * if it has none. Where the two programs are not installed, items are skipped.
 *
 * <p>{@code {"name": "verilog", "test": "module tb; …", "pass": "^Mismatches: 0 ", "top": "tb",
 * "timeout": 10, "memory_mb": 512}}: the bench's text, a pattern (for which ^ and $ are a line's
 * ends), the bench's module (found if not given), seconds and megabytes for each program.
 *
 * <p>An answer is a program that its model wrote. It may call the functions of {@link #PURE} and no
 * other system task, so it can neither write files nor print a pass by itself; includes and pasted
 * names are refused too.
 */
record VerilogBench(String test, Pattern pass, Optional<String> top, Limits limits)
    implements Grader {
  private static final Set<String> PURE =
      Set.of(
          "signed",
          "unsigned",
          "clog2",
          "bits",
          "size",
          "left",
          "right",
          "high",
          "low",
          "increment",
          "dimensions",
          "countones",
          "onehot",
          "onehot0",
          "isunknown",
          "rtoi",
          "itor",
          "time",
          "realtime");
  private static final Pattern TASK = Pattern.compile("\\$\\s*([\\w$]*`?)");
  private static final Pattern DIRECTIVE =
      Pattern.compile("`\\s*include|``|\\bimport\\b|\\bbind\\b");

  static VerilogBench of(Metric metric, String where) {
    metric.allow(where, "test", "pass", "top", "timeout", "memory_mb");
    Optional<String> test = metric.text("test", where);
    Optional<String> pass = metric.text("pass", where);
    if (test.isEmpty() || pass.isEmpty()) {
      throw new BadInput(
          where
              + ": metric verilog: it needs a test, the bench's text, and pass, a pattern that the"
              + " output of a right answer has");
    }
    Optional<String> top = metric.text("top", where);
    if (top.filter(name -> !name.matches("[A-Za-z_]\\w*")).isPresent()) {
      throw new BadInput(where + ": metric verilog: top is no module's name: " + top.get());
    }
    Limits limits =
        new Limits(
            (int) Math.max(1, Math.ceil(metric.number("timeout", 10, where))),
            (int) Math.max(16, Math.ceil(metric.number("memory_mb", 512, where))));
    try {
      return new VerilogBench(
          test.get(), Pattern.compile(pass.get(), Pattern.MULTILINE), top, limits);
    } catch (PatternSyntaxException e) {
      throw new BadInput(
          where + ": metric verilog: " + e.getDescription() + " in " + pass.get(), e);
    }
  }

  @Override
  public Optional<String> unavailable() {
    return missing(Optional.ofNullable(System.getenv("PATH")).orElse(""));
  }

  /** The first of the programs that is in none of a search path's folders. */
  static Optional<String> missing(String path) {
    List<String> folders = List.of(path.split(File.pathSeparator, -1));
    return Stream.of("sh", "iverilog", "vvp")
        .filter(name -> folders.stream().noneMatch(f -> Files.isExecutable(Path.of(f, name))))
        .findFirst()
        .map(name -> name + " is not installed");
  }

  static boolean harmless(String answer) {
    if (DIRECTIVE.matcher(answer).find()) {
      return false;
    }
    Matcher task = TASK.matcher(answer);
    while (task.find()) {
      // a lone $ is a queue's last index
      if (!task.group(1).isEmpty() && !PURE.contains(task.group(1))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean right(String completion, String answer) {
    return fault(Fence.firstBlock(answer)).isEmpty();
  }

  /** What keeps code from passing; empty if nothing does. */
  private Optional<String> fault(String code) {
    if (!harmless(code)) {
      return Optional.of("it reaches out of its module");
    }
    try (Workspace workspace = Workspace.open()) {
      Path answer = workspace.write("answer.sv", code + "\n");
      Path bench = workspace.write("bench.sv", test + "\n");
      List<String> compile = new ArrayList<>(List.of("iverilog", "-g2012", "-o", "simulation"));
      compile.addAll(List.of(bench.toString(), answer.toString()));
      top.ifPresent(name -> compile.addAll(1, List.of("-s", name)));
      Ended compiled = workspace.run(compile, limits);
      if (compiled.exit() != 0) {
        return Optional.of("it does not compile: " + firstLine(compiled));
      }
      Ended ended = workspace.run(List.of("vvp", "-n", "simulation"), limits);
      if (ended.exit() != 0) {
        return Optional.of("the simulation failed, or went over its limits: " + firstLine(ended));
      }
      return pass.matcher(ended.output()).find()
          ? Optional.empty()
          : Optional.of("the output has no match of " + pass);
    }
  }

  private static String firstLine(Ended ended) {
    return ended.output().lines().findFirst().orElse("no output, status " + ended.exit());
  }

  @Override
  public void check(String completion) {
    fault(Fence.firstBlock(completion))
        .ifPresent(
            fault -> {
              throw new IllegalArgumentException(
                  "the completion does not pass its own test: " + fault);
            });
  }
}
