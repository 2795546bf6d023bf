package dev.palimpsest.data;

import dev.palimpsest.run.BadInput;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * How a file's fields are read.
 *
 * @param map our name of a field → its name in the file
 * @param extra fields that are passed over
 * @param purpose whether rows must have an answer
 */
public record ReadOptions(Map<String, String> map, Set<String> extra, Purpose purpose) {
  static final List<String> FIELDS =
      List.of("messages", "prompt", "completion", "text", "id", "slice");

  /** What the rows are for. */
  public enum Purpose {
    /** Training, scoring, probing: rows hold an answer or a text. */
    ANSWERS,
    /** Generation: a prompt without a completion is a row too. */
    PROMPTS
  }

  public ReadOptions {
    map = Map.copyOf(map);
    extra = Set.copyOf(extra);
    for (Map.Entry<String, String> e : new LinkedHashMap<>(map).entrySet()) {
      if (!FIELDS.contains(e.getKey())) {
        throw new BadInput(
            "--map "
                + e.getKey()
                + "="
                + e.getValue()
                + ": no field of ours is called '"
                + e.getKey()
                + "'; write OURS=YOURS with OURS one of "
                + String.join(", ", FIELDS));
      }
    }
    if (new TreeSet<>(map.values()).size() < map.size()) {
      throw new BadInput("--map gives one field of the file two names");
    }
  }

  /** Fields under their own names, unknown ones refused. */
  public static ReadOptions plain() {
    return new ReadOptions(Map.of(), Set.of(), Purpose.ANSWERS);
  }

  /**
   * The options as a command line gives them.
   *
   * @param maps texts such as {@code prompt=question,completion=answer}
   * @param extras texts such as {@code source,url}
   * @throws BadInput naming the part that cannot be read
   */
  public static ReadOptions parse(
      Collection<String> maps, Collection<String> extras, Purpose purpose) {
    Map<String, String> map = new LinkedHashMap<>();
    for (String part : split(maps)) {
      int equals = part.indexOf('=');
      if (equals < 1 || equals == part.length() - 1) {
        throw new BadInput(
            "--map " + part + ": write OURS=YOURS, for instance prompt=question,completion=answer");
      }
      String ours = part.substring(0, equals).strip();
      if (map.put(ours, part.substring(equals + 1).strip()) != null) {
        throw new BadInput("--map names '" + ours + "' twice");
      }
    }
    return new ReadOptions(map, new TreeSet<>(split(extras)), purpose);
  }

  String source(String field) {
    return map.getOrDefault(field, field);
  }

  private static List<String> split(Collection<String> texts) {
    List<String> parts = new ArrayList<>();
    for (String text : texts) {
      for (String part : text.split(",", -1)) {
        if (!part.isBlank()) {
          parts.add(part.strip());
        }
      }
    }
    return parts;
  }
}
