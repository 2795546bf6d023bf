package dev.palimpsest.compare;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A folder of work that may be stopped and gone on with: its document holds what was asked, and in
 * the end what came of it.
 *
 * @param noun what the work is: names the document and its format
 * @param type of what is asked
 */
record AskedFolder<T>(Path folder, String noun, Class<T> type) {
  private static final String ASKED = "asked";

  private Path document() {
    return folder.resolve(noun + ".json");
  }

  private String format() {
    return "palimpsest-" + noun + "/1";
  }

  /** What was asked of the folder, if it is one. */
  Optional<T> asked() {
    if (!Files.isRegularFile(document())) {
      return Optional.empty();
    }
    JsonNode found = Json.read(document());
    if (!found.path("format").asString("").equals(format())) {
      throw new BadInput(document() + ": its format is not " + format());
    }
    return Optional.of(Json.mapper().treeToValue(found.path(ASKED), type));
  }

  /**
   * Begins, or goes on.
   *
   * @throws BadInput if something else is there
   */
  void begin(T asking) {
    Optional<T> there = asked();
    if (there.isEmpty() && Files.exists(folder)) {
      throw new BadInput(folder + ": exists and is no " + noun + ": choose another place");
    }
    if (there.isPresent() && !there.get().equals(asking)) {
      throw new BadInput(
          folder + ": another " + noun + " is there: remove it, or choose another place");
    }
    if (there.isEmpty()) {
      finish(Json.mapper().createObjectNode().put("format", format()), asking);
    }
  }

  /** Writes what came of it. */
  void finish(ObjectNode result, T asking) {
    result.set(ASKED, Json.mapper().valueToTree(asking));
    AtomicFile.write(document(), Json.writePretty(result) + "\n");
  }

  /** Removes it all. */
  void discard() {
    try {
      AtomicFolder.delete(folder);
    } catch (IOException e) {
      throw EnvironmentFailure.of(folder + ": cannot be removed", e);
    }
  }
}
