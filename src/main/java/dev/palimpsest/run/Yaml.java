package dev.palimpsest.run;

import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** YAML that users write; JSON is YAML, too. */
public final class Yaml {
  private static final YAMLMapper MAPPER =
      YAMLMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private Yaml() {}

  /**
   * Reads a file of keys.
   *
   * @param example of a key, for the message where there are none
   * @throws BadInput naming the file, and the line where it can be told
   */
  public static JsonNode read(Path file, String example) {
    JsonNode document;
    try {
      document = MAPPER.readTree(TextFile.read(file));
    } catch (JacksonException e) {
      String at = e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr();
      String why = e.getOriginalMessage().replaceAll("\\s+", " ");
      throw new BadInput(file + at + ": neither YAML nor JSON: " + why, e);
    }
    if (!document.isObject()) {
      throw new BadInput(file + ": give " + example);
    }
    return document;
  }
}
