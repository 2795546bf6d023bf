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
 * <p>Items as lm-evaluation-harness has them are read too ({@link HarnessItem}), and users'
 * feedback ({@link Preference}).
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
    Items items = new Items(file);
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      int number = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (!line.isBlank()) {
          items.line(line, number);
        }
      }
    } catch (NoSuchFileException e) {
      throw new BadInput(file + ": no such file", e);
    } catch (MalformedInputException e) {
      throw new BadInput(file + ": not UTF-8 text", e);
    } catch (IOException e) {
      throw new EnvironmentFailure(file + ": cannot be read: " + e.getMessage(), e);
    }
    items.feedback();
    if (items.all.isEmpty()) {
      throw new BadInput(file + ": no items; expected one JSON object a line");
    }
    try {
      Path parent = file.toAbsolutePath().getParent();
      return new Probe(
          stem, kind, parent == null ? Path.of("") : parent, items.all, items.documents);
    } catch (IllegalArgumentException e) {
      throw new BadInput(file + ": " + e.getMessage(), e);
    }
  }

  /** What was read so far. */
  private final class Items {
    private final Path file;
    private final List<ProbeItem> all = new ArrayList<>();
    private final Map<String, String> documents = new HashMap<>();
    private final Map<String, Integer> lines = new HashMap<>();
    private final Preference feedback = new Preference();

    Items(Path file) {
      this.file = file;
    }

    void line(String line, int number) {
      String where = file + ", line " + number;
      ObjectNode object = object(line, where);
      String id = new ItemFields(object, where).id().orElse(String.valueOf(number));
      if (feedback.take(object, id, where)) {
        once(id, number);
        return;
      }
      ObjectNode plain =
          HarnessItem.plain(object, where, raw)
              .or(() -> Preference.pair(object, where))
              .orElse(object);
      add(new ItemFields(plain, where), number);
    }

    private void add(ItemFields fields, int number) {
      refuseUnknown(fields.object(), fields.where());
      ProbeItem item = fields.item(String.valueOf(number), system, raw);
      once(item.id(), number);
      keep(item, fields);
    }

    private void once(String id, int number) {
      Integer first = lines.put(id, number);
      if (first != null) {
        throw new BadInput(
            "%s, line %d: id %s stands in line %d already".formatted(file, number, id, first));
      }
    }

    private void keep(ProbeItem item, ItemFields fields) {
      all.add(item);
      fields.document().ifPresent(document -> documents.put(item.id(), document));
    }

    /** The items of all lines that tell what users think; behind the others. */
    void feedback() {
      for (ObjectNode plain : feedback.items()) {
        String id = plain.path("id").asString();
        ItemFields fields = new ItemFields(plain, file + ", line " + lines.get(id));
        refuseUnknown(plain, fields.where());
        keep(fields.item(id, system, raw), fields);
      }
    }
  }

  private static ObjectNode object(String line, String where) {
    JsonNode node;
    try {
      node = Json.mapper().readTree(line);
    } catch (JacksonException e) {
      throw new BadInput(where + ": not JSON: " + e.getOriginalMessage(), e);
    }
    if (!(node instanceof ObjectNode object)) {
      throw new BadInput(where + ": expected a JSON object, such as {\"prompt\": …}");
    }
    return object;
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
