package dev.palimpsest.measure;

import dev.palimpsest.run.BadInput;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Another change than the one on trial, whose losses stand beside its own. */
public sealed interface Control {
  /**
   * A random change in the place of the adapter after, of the same norm on every module ({@link
   * dev.palimpsest.model.RandomChange}).
   */
  record Random(long seed) implements Control {
    private static final Pattern NAME = Pattern.compile("random(?::(\\d{1,18}))?");

    @Override
    public String toString() {
      return "random:" + seed;
    }
  }

  /** Another model or adapter, such as one of another seed. */
  record Other(Side side) implements Control {
    @Override
    public String toString() {
      return side.toString();
    }
  }

  /**
   * Reads {@code random}, {@code random:SEED} or a side.
   *
   * @throws BadInput if a side has no such adapter folder
   */
  static Control parse(String text) {
    Matcher random = Random.NAME.matcher(text);
    if (random.matches()) {
      return new Random(random.group(1) == null ? 0 : Long.parseLong(random.group(1)));
    }
    return new Other(Side.parse(text));
  }
}
