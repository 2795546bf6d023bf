package dev.palimpsest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * Something that a tiny random model learns within twelve steps, and something that it then loses.
 *
 * @param data 24 rows that are answered by yes
 * @param texts 24 texts of single letters
 */
public record TinyTask(Path data, Path texts) {
  /**
   * Writes both.
   *
   * @param letters of a text
   */
  public static TinyTask in(Path folder, int letters) throws IOException {
    StringBuilder rows = new StringBuilder();
    StringBuilder old = new StringBuilder();
    Random random = new Random(5);
    for (int i = 0; i < 24; i++) {
      rows.append("{\"prompt\": \"say %d\", \"completion\": \"yes\"}\n".formatted(i));
      StringBuilder words = new StringBuilder();
      random.ints(letters, 'a', 'z').forEach(letter -> words.append((char) letter).append(' '));
      old.append("{\"text\": \"%s\"}\n".formatted(words));
    }
    return new TinyTask(
        Files.writeString(folder.resolve("data.jsonl"), rows),
        Files.writeString(folder.resolve("texts.jsonl"), old));
  }
}
