package dev.palimpsest.run;

import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/** The project's one way to read and write JSON: strict about duplicates and trailing text. */
public final class Json {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .build();

  private Json() {}

  /** The shared mapper; it is immutable. */
  public static JsonMapper mapper() {
    return MAPPER;
  }

  /**
   * The document in a file.
   *
   * @throws BadInput naming the file, and line and column where the text is no JSON
   */
  public static JsonNode read(Path file) {
    return parse(TextFile.read(file), file.toString());
  }

  /**
   * The document in a text.
   *
   * @param where named in the error
   */
  public static JsonNode parse(String text, String where) {
    try {
      return MAPPER.readTree(text);
    } catch (JacksonException e) {
      String at =
          e.getLocation() == null
              ? ""
              : ", line "
                  + e.getLocation().getLineNr()
                  + ", column "
                  + e.getLocation().getColumnNr();
      throw new BadInput(where + at + ": not JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** A text's own words; empty for whatever is no text. */
  public static Optional<String> text(JsonNode node) {
    return node.isString() ? Optional.of(node.asString()) : Optional.empty();
  }

  /** Compact text of a record, map, list or node. */
  public static String write(Object value) {
    return MAPPER.writeValueAsString(value);
  }

  /** Indented text of a record, map, list or node. */
  public static String writePretty(Object value) {
    return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
  }
}
