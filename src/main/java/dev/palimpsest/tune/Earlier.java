package dev.palimpsest.tune;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.AdapterConfig;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Scope;
import java.nio.file.Path;

/**
 * A LoRA adapter that a run begins with.
 *
 * @param adapter its folder
 * @param sha256 of its files, by which a resumed run knows it again
 */
public record Earlier(Path adapter, String sha256) {
  /** An adapter as it is now. */
  public static Earlier of(Path folder) {
    PeftFolder.readConfig(folder); // another kind is told by its name
    return new Earlier(folder.toAbsolutePath().normalize(), PeftFolder.sha256(folder));
  }

  /** How it sits on its base. */
  AdapterConfig config() {
    return PeftFolder.readConfig(adapter);
  }

  /**
   * Reads it, in the scope that is open.
   *
   * @throws BadInput if it has changed since the run began, or is of another base
   */
  Adapter read(LanguageModel model) {
    String now = PeftFolder.sha256(adapter);
    if (!now.equals(sha256)) {
      throw new BadInput(
          adapter
              + ": is not the adapter that the run began with: its fingerprint is "
              + now
              + ", run.json has "
              + sha256);
    }
    Adapter read = PeftFolder.read(adapter, model.decoder().config());
    read.requireBase(model.fingerprint(), adapter.toString());
    return read;
  }

  /** Checks that it can be read over a model. */
  void require(LanguageModel model) {
    try (Scope _ = Scope.open()) {
      read(model);
    }
  }
}
