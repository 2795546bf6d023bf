package dev.palimpsest;

import dev.palimpsest.model.ModelStore;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.Objects;

/** The default model, for tests that need a real one: fetched once, then from the cache. */
public final class RealModel {
  private RealModel() {}

  /** SmolLM2-135M-Instruct as a GGUF file. */
  public static Path gguf() {
    return new ModelStore(cache(), Progress.none()).locate("smollm2");
  }

  /** The cache that the command line uses too. */
  public static Path cache() {
    return Path.of(
        Objects.requireNonNullElseGet(
            System.getenv("PALIMPSEST_CACHE"),
            () -> System.getProperty("user.home") + "/.cache/palimpsest"));
  }
}
