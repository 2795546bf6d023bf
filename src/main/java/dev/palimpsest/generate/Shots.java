package dev.palimpsest.generate;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Dataset;
import dev.palimpsest.data.Sample;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tokenizer.Message;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Rows of a file that are shown as worked examples.
 *
 * @param file of any shape that training data has
 * @param count how many of its first rows; all if not said
 */
public record Shots(Path file, OptionalInt count) {
  private static final Pattern COUNTED = Pattern.compile("(.+):(\\d{1,6})");

  /** Refuses none. */
  public Shots {
    if (count.isPresent() && count.getAsInt() < 1) {
      throw new BadInput(file + ":" + count.getAsInt() + ": give 1 row or more");
    }
  }

  /** Reads FILE or FILE:N; the whole is the file's name if there is such a file. */
  public static Shots parse(String text) {
    Matcher counted = COUNTED.matcher(text);
    return counted.matches() && !Files.exists(Path.of(text))
        ? new Shots(Path.of(counted.group(1)), OptionalInt.of(Integer.parseInt(counted.group(2))))
        : new Shots(Path.of(text), OptionalInt.empty());
  }

  /** In words. */
  public String told() {
    return (count.isPresent() ? count.getAsInt() + " examples of " : "examples of ") + file;
  }

  /**
   * The rows as turns of user and assistant.
   *
   * @throws BadInput if there are not so many, or one has no answer
   */
  public List<Message> turns() {
    List<Message> turns = new ArrayList<>();
    try (Dataset rows = DataSpec.of(file).rows()) {
      int shown = count.orElse(rows.size());
      if (rows.size() < shown) {
        throw new BadInput(
            "%d examples of %s, which has %d rows".formatted(shown, file, rows.size()));
      }
      for (int i = 0; i < shown; i++) {
        turns.addAll(turns(rows.sample(i), rows.where(i)));
      }
    }
    return turns;
  }

  private static List<Message> turns(Sample sample, String where) {
    return switch (sample) {
      case Sample.Pair pair ->
          List.of(new Message("user", pair.prompt()), new Message("assistant", pair.completion()));
      case Sample.Chat chat ->
          chat.turns().stream()
              .filter(turn -> !turn.role().equals("system"))
              .map(turn -> new Message(turn.role(), turn.content()))
              .toList();
      case Sample.Text text -> throw new BadInput(where + ": a text is no example of an answer");
    };
  }
}
