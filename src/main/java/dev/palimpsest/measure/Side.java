package dev.palimpsest.measure;

import dev.palimpsest.generate.Endpoint;
import dev.palimpsest.run.BadInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One side of a ledger as a user names it.
 *
 * @param adapter a PEFT folder
 */
public record Side(String model, Optional<Path> adapter) {
  /**
   * Reads MODEL or MODEL+ADAPTER, or a model behind an API ({@link Endpoint}). Names of both may
   * hold a plus: the first one that an existing folder follows divides them, unless the whole is a
   * file or folder.
   *
   * @throws BadInput if there is no such adapter folder
   */
  public static Side parse(String text) {
    if (Endpoint.parse(text).isPresent()) {
      return new Side(text, Optional.empty());
    }
    if (text.indexOf('+') < 0 || Files.exists(Path.of(text))) {
      return new Side(text, Optional.empty());
    }
    for (int plus = text.indexOf('+'); plus >= 0; plus = text.indexOf('+', plus + 1)) {
      String folder = text.substring(plus + 1);
      if (!folder.isBlank() && Files.isDirectory(Path.of(folder))) {
        return new Side(text.substring(0, plus), Optional.of(Path.of(folder)));
      }
    }
    throw new BadInput(
        text + ": no adapter folder " + Path.of(text.substring(text.lastIndexOf('+') + 1)));
  }

  /** Where it is asked, if that is elsewhere. */
  Optional<Endpoint> endpoint() {
    return Endpoint.parse(model);
  }

  /** As the user names it. */
  @Override
  public String toString() {
    return model + adapter.map(folder -> "+" + folder).orElse("");
  }
}
