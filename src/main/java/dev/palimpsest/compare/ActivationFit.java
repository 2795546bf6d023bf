package dev.palimpsest.compare;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How well a carried adapter does to activations what the old one did, over all modules: the norm
 * of what is missed as a share of the norm of the effect.
 *
 * @param tokens along which that was measured, and fitted
 * @param errorAsIs the same of the factors as they are, where they fit the new base
 */
public record ActivationFit(long tokens, double error, OptionalDouble errorAsIs) {
  private static final String FILE = "fit.json";

  /** What a way left in its folder. */
  static Optional<ActivationFit> in(Path folder) {
    Path file = folder.resolve(FILE);
    return Files.exists(file)
        ? Optional.of(Json.mapper().treeToValue(Json.read(file), ActivationFit.class))
        : Optional.empty();
  }

  void write(Path folder) {
    AtomicFile.write(folder.resolve(FILE), Json.writePretty(this) + "\n");
  }
}
