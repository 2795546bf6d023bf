package dev.palimpsest.tokenizer;

/** Characters that are written as they are: Python's {@code str.isprintable}, Go's IsPrint. */
public final class Printable {
  private Printable() {}

  /** Whether a code point is a letter, mark, number, sign, or the plain space. */
  public static boolean is(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }
}
