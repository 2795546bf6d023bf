package dev.palimpsest.report;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;

/**
 * Markup under construction. Every text and attribute value is escaped on its way in; what could
 * hide or turn round the text after it (control characters, bidirectional overrides, halves of
 * surrogate pairs) is made visible.
 */
final class Markup {
  private final StringBuilder out = new StringBuilder();
  private final Deque<String> open = new ArrayDeque<>();

  /**
   * Opens an element.
   *
   * @param attributes names and values in turn
   */
  Markup open(String tag, String... attributes) {
    single(tag, attributes);
    open.push(tag);
    return this;
  }

  /** An element that has no end tag, such as {@code meta}. */
  Markup single(String tag, String... attributes) {
    if (attributes.length % 2 != 0) {
      throw new IllegalArgumentException(tag + ": an attribute has no value");
    }
    out.append('<').append(tag);
    for (int i = 0; i < attributes.length; i += 2) {
      out.append(' ').append(attributes[i]).append("=\"");
      escape(attributes[i + 1]);
      out.append('"');
    }
    out.append('>');
    return this;
  }

  /** Closes the innermost open element. */
  Markup close() {
    out.append("</").append(open.pop()).append('>');
    return this;
  }

  /** Closes it and ends the line, so that the file can be read as text too. */
  Markup closeLine() {
    close();
    out.append('\n');
    return this;
  }

  Markup text(String text) {
    escape(text);
    return this;
  }

  Markup element(String tag, String text, String... attributes) {
    return open(tag, attributes).text(text).close();
  }

  /** Opens a section, to be closed, with its heading. */
  Markup section(String id, String heading) {
    open("section", "id", id, "aria-labelledby", id + "-heading");
    return element("h2", heading, "id", id + "-heading");
  }

  Markup add(Markup finished) {
    out.append(finished);
    return this;
  }

  /** The document's own style sheet: the one text that is not escaped. */
  Markup style(String sheet) {
    if (sheet.contains("</")) {
      throw new IllegalArgumentException("a style sheet that ends its element");
    }
    out.append("<style>\n").append(sheet).append("</style>\n");
    return this;
  }

  /** The document's own program, as little escaped as the sheet. */
  Markup script(String program) {
    if (program.contains("</")) {
      throw new IllegalArgumentException("a script that ends its element");
    }
    out.append("<script>").append(program).append("</script>\n");
    return this;
  }

  /** As a file has it. */
  long bytes() {
    return toString().getBytes(StandardCharsets.UTF_8).length;
  }

  @Override
  public String toString() {
    if (!open.isEmpty()) {
      throw new IllegalStateException("still open: " + open);
    }
    return out.toString();
  }

  private void escape(String text) {
    text.codePoints().forEach(this::escape);
  }

  private void escape(int point) {
    switch (point) {
      case '&' -> out.append("&amp;");
      case '<' -> out.append("&lt;");
      case '>' -> out.append("&gt;");
      case '"' -> out.append("&quot;");
      case '\'' -> out.append("&#39;");
      default -> show(point, out);
    }
  }

  /** A text with all that is invisible shown, for those who escape it themselves. */
  static String visible(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    text.codePoints().forEach(point -> show(point, shown));
    return shown.toString();
  }

  private static void show(int point, StringBuilder out) {
    switch (point) {
      case '\n', '\t' -> out.append((char) point);
      case 0x7f -> out.append('\u2421');
      default -> {
        if (point < 0x20) {
          out.append((char) (0x2400 + point));
        } else if (isInvisible(point)) {
          out.append(String.format(Locale.ROOT, "\u27e6U+%04X\u27e7", point));
        } else {
          out.appendCodePoint(point);
        }
      }
    }
  }

  private static boolean isInvisible(int point) {
    return (point >= 0x80 && point < 0xa0)
        || (point >= 0x200b && point <= 0x200f && point != 0x200c && point != 0x200d)
        || (point >= 0x2028 && point <= 0x202e)
        || (point >= 0x2066 && point <= 0x2069)
        || (point >= 0xd800 && point <= 0xdfff)
        || point == 0xfeff
        || (point & 0xfffe) == 0xfffe;
  }
}
