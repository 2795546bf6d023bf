package dev.palimpsest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.run.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Runs the launcher as a user does. */
final class Launcher {
  private Launcher() {}

  /** What a call left behind. */
  record Call(int exit, String out, String err) {
    String lastErrorLine() {
      return err.strip().lines().reduce("", (before, line) -> line);
    }
  }

  static Call run(String... arguments) throws IOException, InterruptedException {
    return run(process -> {}, arguments);
  }

  /** What a call that succeeds prints with {@code --json}. */
  static JsonNode document(String... arguments) throws IOException, InterruptedException {
    Call call = run(arguments);
    assertThat(call.exit).as(call.err).isZero();
    return Json.parse(call.out, "stdout");
  }

  /** The same with another environment or folder. */
  static Call run(Consumer<ProcessBuilder> surroundings, String... arguments)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile("palimpsest", ".out");
    Path err = Files.createTempFile("palimpsest", ".err");
    Process process = start(surroundings, out, err, arguments);
    if (!process.waitFor(5, TimeUnit.MINUTES)) {
      process.destroyForcibly();
    }
    return new Call(process.waitFor(), Files.readString(out), Files.readString(err));
  }

  static Process start(Path out, Path err, String... arguments) throws IOException {
    return start(process -> {}, out, err, arguments);
  }

  static Process start(
      Consumer<ProcessBuilder> surroundings, Path out, Path err, String... arguments)
      throws IOException {
    List<String> command =
        new ArrayList<>(List.of(Path.of("palimpsest").toAbsolutePath().toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder process =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    surroundings.accept(process);
    return process.start();
  }

  /** A call that trains a small adapter with seed 7, and tells of it in JSON. */
  static String[] tuneCall(String model, Path data, Path run, String... more) {
    List<String> call =
        new ArrayList<>(
            List.of("tune", "--model", model, "--data", data.toString(), "--out", run.toString()));
    call.addAll(List.of("--rank", "4", "--lr", "1e-2", "--batch", "4", "--seed", "7", "--json"));
    call.addAll(List.of(more));
    return call.toArray(String[]::new);
  }
}
