package dev.palimpsest.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One training run on disk, locked while this object is open. The layout is in {@code
 * docs/formats/run-folder.md}: {@code run.json}, {@code metrics.jsonl}, {@code checkpoints/}, and
 * at the end {@code adapter/} or {@code model/} and {@code result.json}.
 */
public final class RunFolder implements AutoCloseable {
  private static final String FORMAT = "palimpsest-run";
  private static final int VERSION = 1;
  private static final String ABOUT = "run.json";
  private static final String METRICS = "metrics.jsonl";
  private static final String RESULT = "result.json";
  private static final String CHECKPOINTS = "checkpoints";
  private static final List<String> PRODUCTS = List.of("adapter", "model");
  private static final String LOCK = ".lock";
  private static final String STARTING = ".starting";
  private static final String STEP = "step-";

  private final Path path;
  private final RunLock lock;
  private final JsonNode about;
  private final MetricsLog log;

  /**
   * A state of training that a killed run goes on from.
   *
   * @param step how many steps it covers
   */
  public record SavedStep(long step, Path folder) {
    /** Its first file that is missing or changed, if there is one. */
    public Optional<Path> damage() {
      return FolderManifest.in(folder)
          .map(manifest -> manifest.damage(folder))
          .orElse(Optional.of(FolderManifest.NAME))
          .map(folder::resolve);
    }
  }

  private RunFolder(Path path, RunLock lock, JsonNode about) {
    this.path = path;
    this.lock = lock;
    this.about = about;
    this.log = MetricsLog.open(path.resolve(METRICS));
  }

  /**
   * Fails if there is something at {@code run} already; to be asked before long work that would end
   * in {@link #create}.
   *
   * @throws EnvironmentFailure with the pid if another process trains there
   * @throws BadInput if a run or something else is there
   */
  public static void requireAbsent(Path run) {
    if (!Files.exists(run) || isEmptyFolder(run)) {
      return;
    }
    if (!Files.isRegularFile(run.resolve(ABOUT))) {
      throw new BadInput(run + ": exists and is no run: choose another place for the run");
    }
    RunLock.take(run.resolve(LOCK), run.toString()).close();
    throw new BadInput(
        run + ": this run exists already: go on with it by --resume, or choose another place");
  }

  /**
   * Makes the run's folder, with {@code run.json} and an empty log, in one step.
   *
   * @param about settings, hashes and versions: a record or map that Jackson writes as an object
   * @throws BadInput if a run is there already
   * @throws EnvironmentFailure if it cannot be made, or another process trains there
   */
  public static RunFolder create(Path run, Object about) {
    requireAbsent(run);
    Path whole = run.toAbsolutePath();
    Path name = Objects.requireNonNull(whole.getFileName(), "the root is no run");
    sweepStarts(whole);
    Path staging =
        whole.resolveSibling("." + name + "." + ProcessHandle.current().pid() + STARTING);
    RunLock lock = RunLock.take(staging.resolve(LOCK), run.toString());
    boolean made = false;
    try {
      ObjectNode document = Json.mapper().createObjectNode();
      document.put("format", FORMAT).put("version", VERSION);
      document.setAll((ObjectNode) Json.mapper().valueToTree(about));
      AtomicFile.write(staging.resolve(ABOUT), Json.writePretty(document) + "\n");
      Files.createDirectories(staging.resolve(CHECKPOINTS));
      Files.createFile(staging.resolve(METRICS));
      AtomicFile.rename(staging, whole);
      made = true;
      return new RunFolder(run, lock, document);
    } catch (IOException e) {
      requireAbsent(run); // another process was first
      throw EnvironmentFailure.of(run + ": cannot be made", e);
    } finally {
      if (!made) {
        lock.close();
        discard(staging);
      }
    }
  }

  /**
   * Opens a run to go on with it: takes its lock, drops a torn last line of the log and what a
   * killed process left half written, and puts a product back that it had set aside.
   *
   * @throws BadInput if it is no run, or one of a format that we do not know
   * @throws EnvironmentFailure with the pid if another process trains there
   */
  public static RunFolder open(Path run) {
    JsonNode about = about(run);
    RunLock lock = RunLock.take(run.resolve(LOCK), run.toString());
    boolean opened = false;
    try {
      for (String product : PRODUCTS) {
        AtomicFolder.restore(run.resolve(product));
      }
      AtomicFolder.sweep(run);
      AtomicFolder.sweep(run.resolve(CHECKPOINTS));
      RunFolder folder = new RunFolder(run, lock, about);
      opened = true;
      return folder;
    } finally {
      if (!opened) {
        lock.close();
      }
    }
  }

  /**
   * A run's {@code run.json}; no lock is needed.
   *
   * @throws BadInput if it is no run, or one of a format that we do not know
   */
  public static JsonNode about(Path run) {
    if (!Files.isRegularFile(run.resolve(ABOUT))) {
      throw new BadInput(run + ": no run: there is no " + ABOUT + " in it");
    }
    JsonNode about = Json.read(run.resolve(ABOUT));
    String format = about.path("format").asString("");
    if (!format.equals(FORMAT) || about.path("version").asInt(0) != VERSION) {
      throw new BadInput(
          run.resolve(ABOUT)
              + ": format and version are '"
              + format
              + "' "
              + about.path("version")
              + ", expected '"
              + FORMAT
              + "' "
              + VERSION);
    }
    return about;
  }

  /** Whether a file is some run's {@code run.json}, by its name and its format. */
  public static boolean isAbout(Path file) {
    return file.endsWith(ABOUT) && Files.isRegularFile(file) && format(file).equals(FORMAT);
  }

  private static String format(Path file) {
    try {
      return Json.read(file).path("format").asString("");
    } catch (BadInput e) {
      return ""; // another program's
    }
  }

  /** The run whose product a folder is, such as {@code RUN/adapter}; empty if it is no run's. */
  public static Optional<Path> around(Path product) {
    Path run = product.toAbsolutePath().normalize().getParent();
    if (run == null || !Files.isRegularFile(run.resolve(ABOUT))) {
      return Optional.empty();
    }
    try {
      about(run);
      return Optional.of(run);
    } catch (BadInput e) {
      return Optional.empty(); // another program's run.json
    }
  }

  /** The log's whole lines; no lock is needed, a run may be writing the next. */
  public static List<JsonNode> metrics(Path run) {
    return MetricsLog.read(run.resolve(METRICS));
  }

  /** What the run ended with, if it has ended. */
  public static Optional<JsonNode> result(Path run) {
    Path file = run.resolve(RESULT);
    return Files.isRegularFile(file) ? Optional.of(Json.read(file)) : Optional.empty();
  }

  public Path path() {
    return path;
  }

  /** The document that {@link #create} was given, with format and version. */
  public JsonNode about() {
    return about;
  }

  /** The last step that the log has a line for; 0 if it is empty. */
  public long lastLoggedStep() {
    return log.lastStep();
  }

  /**
   * Appends one step's line to the log. A step that has its line keeps it: a resumed run passes
   * through steps that the killed one had logged past its last checkpoint.
   *
   * @param line a record or map; its {@code step} must be {@code step}
   */
  public void log(long step, Object line) {
    log.append(step, line);
  }

  /**
   * Saves a state of training, after syncing the log that leads to it. The state appears whole or
   * not at all; if it cannot be written, those before stay.
   */
  public void checkpoint(long step, AtomicFolder.Filler filler) {
    log.sync();
    Path folder =
        path.resolve(CHECKPOINTS).resolve(String.format(Locale.ROOT, "%s%08d", STEP, step));
    AtomicFolder.write(
        folder,
        inside -> {
          filler.fill(inside);
          FolderManifest.seal(inside, Map.of("step", String.valueOf(step)));
        });
  }

  /**
   * The saved states, oldest first.
   *
   * @throws EnvironmentFailure if the folder cannot be read
   */
  public List<SavedStep> checkpoints() {
    Path folder = path.resolve(CHECKPOINTS);
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> inside = Files.list(folder)) {
      return inside
          .filter(p -> p.getFileName().toString().matches(STEP + "\\d+"))
          .map(p -> new SavedStep(Long.parseLong(name(p).substring(STEP.length())), p))
          .sorted((a, b) -> Long.compare(a.step(), b.step()))
          .toList();
    } catch (IOException e) {
      throw EnvironmentFailure.of(folder + ": cannot be read", e);
    }
  }

  /**
   * The saved state to go on from, its files checked; empty if there is none.
   *
   * @throws BadInput naming the file that is missing or changed
   */
  public Optional<SavedStep> latestCheckpoint() {
    List<SavedStep> all = checkpoints();
    if (all.isEmpty()) {
      return Optional.empty();
    }
    SavedStep latest = all.getLast();
    Optional<Path> damaged = latest.damage();
    if (damaged.isPresent()) {
      throw new BadInput(
          damaged.get()
              + ": missing or changed: remove the folder "
              + latest.folder()
              + " to go on from the one before");
    }
    return Optional.of(latest);
  }

  /**
   * The saved state after a step, its files checked.
   *
   * @throws BadInput if it is missing, or naming its file that is missing or changed
   */
  public SavedStep checkpoint(long step) {
    SavedStep saved =
        checkpoints().stream()
            .filter(s -> s.step() == step)
            .findFirst()
            .orElseThrow(() -> new BadInput(path + ": no checkpoint of step " + step));
    saved
        .damage()
        .ifPresent(
            file -> {
              throw new BadInput(file + ": missing or changed");
            });
    return saved;
  }

  /** Removes all but the newest {@code keep} saved states. */
  public void pruneCheckpoints(int keep) {
    pruneCheckpoints(keep, OptionalLong.empty());
  }

  /** Removes all but the newest {@code keep} saved states and that of a step. */
  public void pruneCheckpoints(int keep, OptionalLong kept) {
    List<SavedStep> others =
        checkpoints().stream()
            .filter(saved -> kept.isEmpty() || saved.step() != kept.getAsLong())
            .toList();
    remove(others.subList(0, Math.max(0, others.size() - keep)));
  }

  /** Removes the saved states of later steps: training diverged from there. */
  public void dropCheckpointsAfter(long step) {
    remove(checkpoints().stream().filter(saved -> saved.step() > step).toList());
  }

  private void remove(List<SavedStep> states) {
    try {
      for (SavedStep state : states) {
        AtomicFolder.delete(state.folder());
      }
    } catch (IOException e) {
      throw EnvironmentFailure.of(path.resolve(CHECKPOINTS) + ": cannot be pruned", e);
    }
  }

  /** Writes the run's product, {@code adapter} or {@code model}, as a folder. */
  public void write(String product, AtomicFolder.Filler filler) {
    AtomicFolder.write(path.resolve(product), filler);
  }

  /** Writes what the run ended with; from now on it counts as finished. */
  public void finish(Object result) {
    log.sync();
    AtomicFile.write(path.resolve(RESULT), Json.writePretty(result) + "\n");
  }

  /** Closes the log and gives the lock back. */
  @Override
  public void close() {
    try {
      log.close();
    } finally {
      lock.close();
    }
  }

  private static boolean isEmptyFolder(Path run) {
    if (!Files.isDirectory(run)) {
      return false;
    }
    try (Stream<Path> inside = Files.list(run)) {
      return inside.findAny().isEmpty();
    } catch (IOException e) {
      throw EnvironmentFailure.of(run + ": cannot be read", e);
    }
  }

  /** Removes starts of this run that were killed before their rename: nobody holds their lock. */
  private static void sweepStarts(Path run) {
    Path parent = Objects.requireNonNull(run.getParent());
    if (!Files.isDirectory(parent)) {
      return;
    }
    try (Stream<Path> siblings = Files.list(parent)) {
      siblings
          .filter(p -> name(p).startsWith("." + run.getFileName() + "."))
          .filter(p -> name(p).endsWith(STARTING))
          .filter(p -> !isLocked(p.resolve(LOCK)))
          .forEach(RunFolder::discard);
    } catch (IOException e) {
      throw EnvironmentFailure.of(parent + ": cannot be read", e);
    }
  }

  private static boolean isLocked(Path file) {
    try {
      RunLock.take(file, file.toString(), Duration.ZERO).close();
      return false;
    } catch (EnvironmentFailure e) {
      return true;
    }
  }

  private static void discard(Path folder) {
    try {
      AtomicFolder.delete(folder);
    } catch (IOException e) {
      // a hidden remainder harms nobody
    }
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }
}
