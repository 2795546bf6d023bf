package dev.palimpsest.measure;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads probe files: JSON lines, one item each.
 *
 * <ul>
 *   <li>{@code prompt} and {@code completion}: answered and graded, by {@code metric} if given;
 *   <li>with {@code choices} too: by likelihood; {@code completion}, or {@code answer} (an index
 *       from 0), names the right one;
 *   <li>{@code messages} in the place of {@code prompt}; a last assistant turn is the completion;
 *   <li>{@code text}: bits a byte.
 * </ul>
 *
 * <p>Items as lm-evaluation-harness has them are read too ({@link HarnessItem}).
 *
 * <p>{@code id} (the line number if not given) {@code slice} and {@code document} (items about one
 * document are not independent) may stand in any. A field that is none of these is refused unless
 * it is listed as extra.
 *
 * @param extra fields to read over
 * @param system a system message put before every conversation that has none
 * @param raw whether a prompt is the model's raw text, or a user's turn
 */
public record ProbeReader(Set<String> extra, Optional<String> system, Prompts raw) {
  /** What a {@code prompt} is. */
  public enum Prompts {
    /** A user's turn, put through the model's chat template. */
    CHAT,
    /** Text to go on from, as it stands. */
    RAW
  }

  private static final Set<String> KNOWN =
      Set.of(
          "id",
          "slice",
          "document",
          "prompt",
          "completion",
          "messages",
          "choices",
          "answer",
          "text",
          "metric");

  /** Copies the names. */
  public ProbeReader {
    extra = Set.copyOf(extra);
  }

  /** Prompts are a user's turns; no field is extra. */
  public ProbeReader() {
    this(Set.of(), Optional.empty(), Prompts.CHAT);
  }

  /**
   * Reads one probe, named after the file's stem.
   *
   * @throws BadInput naming file, line and field
   * @throws EnvironmentFailure if the file cannot be read
   */
  public Probe read(Path file, ProbeKind kind) {
    String stem = String.valueOf(file.getFileName()).replaceFirst("\\.[^.]*$", "");
    List<ProbeItem> items = new ArrayList<>();
    Map<String, Integer> lines = new HashMap<>();
    Map<String, String> documents = new HashMap<>();
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      int number = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (line.isBlank()) {
          continue;
        }
        String where = file + ", line " + number;
        ItemFields fields = fields(line, where);
        ProbeItem item = fields.item(String.valueOf(number), system, raw);
        Integer first = lines.put(item.id(), number);
        if (first != null) {
          throw new BadInput(where + ": id " + item.id() + " stands in line " + first + " already");
        }
        items.add(item);
        fields.document().ifPresent(document -> documents.put(item.id(), document));
      }
    } catch (NoSuchFileException e) {
      throw new BadInput(file + ": no such file", e);
    } catch (MalformedInputException e) {
      throw new BadInput(file + ": not UTF-8 text", e);
    } catch (IOException e) {
      throw new EnvironmentFailure(file + ": cannot be read: " + e.getMessage(), e);
    }
    if (items.isEmpty()) {
      throw new BadInput(file + ": no items; expected one JSON object a line");
    }
    try {
      Path parent = file.toAbsolutePath().getParent();
      return new Probe(stem, kind, parent == null ? Path.of("") : parent, items, documents);
    } catch (IllegalArgumentException e) {
      throw new BadInput(file + ": " + e.getMessage(), e);
    }
  }

  private ItemFields fields(String line, String where) {
    JsonNode node;
    try {
      node = Json.mapper().readTree(line);
    } catch (JacksonException e) {
      throw new BadInput(where + ": not JSON: " + e.getOriginalMessage(), e);
    }
    if (!(node instanceof ObjectNode object)) {
      throw new BadInput(where + ": expected a JSON object, such as {\"prompt\": …}");
    }
    ObjectNode plain = HarnessItem.plain(object, where, raw).orElse(object);
    refuseUnknown(plain, where);
    return new ItemFields(plain, where);
  }

  private void refuseUnknown(ObjectNode object, String where) {
    TreeSet<String> unknown = new TreeSet<>(object.propertyNames());
    unknown.removeAll(KNOWN);
    unknown.removeAll(extra);
    if (!unknown.isEmpty()) {
      throw new BadInput(
          where
              + ": unknown field "
              + String.join(", ", unknown)
              + "; known are "
              + String.join(", ", new TreeSet<>(KNOWN))
              + "; others are read over when listed in --extra");
    }
  }
}
