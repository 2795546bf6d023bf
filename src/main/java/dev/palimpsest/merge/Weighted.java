package dev.palimpsest.merge;

import dev.palimpsest.run.BadInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An adapter's folder or a model with a weight, {@code NAME:0.5}; 1 where none is given.
 *
 * @param name of an adapter or model
 */
public record Weighted(String name, double weight) {
  private static final Pattern FORM =
      Pattern.compile("(.+):([+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?)");

  /**
   * Reads what a user writes. A folder whose own name ends like a weight is that folder.
   *
   * @throws BadInput if there is no name
   */
  public static Weighted parse(String text) {
    Matcher form = FORM.matcher(text);
    if (form.matches() && !Files.exists(Path.of(text))) {
      return new Weighted(form.group(1), Double.parseDouble(form.group(2)));
    }
    if (text.isBlank()) {
      throw new BadInput("an adapter or model without a name; give NAME or NAME:WEIGHT");
    }
    return new Weighted(text, 1);
  }
}
