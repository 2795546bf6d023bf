package dev.palimpsest.measure;

import dev.palimpsest.run.EnvironmentFailure;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A folder of its own for programs that are not trusted, gone when it is closed or the Java virtual
 * machine is told to end. Programs run in it without the user's environment and under limits of
 * time, memory and file size, by the shell's {@code ulimit}; they are not kept from reading other
 * files, so what they can do must be bounded by what they are.
 */
final class Workspace implements AutoCloseable {
  private static final String LIMITED =
      "ulimit -c 0; ulimit -t \"$1\" && ulimit -v \"$2\" && ulimit -f \"$3\" && shift 3 && exec"
          + " \"$@\"";
  private static final int FILE_BLOCKS = 32_768; // of 512 bytes: 16 MB
  private static final int MOST_OUTPUT = 1 << 20;

  private final Path folder;
  private final Thread atExit;

  /**
   * What a program may take.
   *
   * @param seconds of the processor's time; by the clock four times that, so that a busy machine
   *     does not change a verdict
   * @param megabytes of address space
   */
  record Limits(int seconds, int megabytes) {}

  /**
   * How a program ended.
   *
   * @param exit its status; -1, and no output, where the clock ran out
   * @param output both streams, the first MB
   */
  record Ended(int exit, String output) {}

  private Workspace(Path folder) {
    this.folder = folder;
    this.atExit = new Thread(() -> delete(folder));
  }

  static Workspace open() {
    try {
      Workspace workspace = new Workspace(Files.createTempDirectory("palimpsest-grade"));
      Runtime.getRuntime().addShutdownHook(workspace.atExit);
      return workspace;
    } catch (IOException e) {
      throw EnvironmentFailure.of("the folder for temporary files", e);
    }
  }

  Path write(String name, String text) {
    Path file = folder.resolve(name);
    try {
      return Files.writeString(file, text);
    } catch (IOException e) {
      throw EnvironmentFailure.of(file + ": cannot be written", e);
    }
  }

  /** Runs a program in the folder. */
  Ended run(List<String> command, Limits limits) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "sh",
                "-c",
                LIMITED,
                "sh",
                String.valueOf(limits.seconds),
                String.valueOf(limits.megabytes * 1024L),
                String.valueOf(FILE_BLOCKS)));
    all.addAll(command);
    File output = folder.resolve("output").toFile();
    ProcessBuilder builder =
        new ProcessBuilder(all).directory(folder.toFile()).redirectErrorStream(true);
    builder.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
    builder.redirectOutput(output);
    String path = System.getenv("PATH");
    builder.environment().clear();
    builder.environment().put("PATH", path == null ? "/usr/bin:/bin" : path);
    builder.environment().put("TMPDIR", folder.toString());
    builder.environment().put("HOME", folder.toString());
    try {
      Process process = builder.start();
      try {
        boolean ended = process.waitFor(4L * limits.seconds, TimeUnit.SECONDS);
        return ended ? new Ended(process.exitValue(), text(output.toPath())) : new Ended(-1, "");
      } finally {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
      }
    } catch (IOException e) {
      throw EnvironmentFailure.of(command.getFirst() + ": cannot be started", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EnvironmentFailure(command.getFirst() + ": interrupted", e);
    }
  }

  private static String text(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(MOST_OUTPUT), StandardCharsets.ISO_8859_1);
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw EnvironmentFailure.of(folder + ": cannot be deleted", e);
    }
  }

  @Override
  public void close() {
    delete(folder);
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      return; // the machine is ending already, and the hook finds nothing
    }
  }
}
