package dev.palimpsest.report;

import java.util.List;
import java.util.Locale;

/** Pieces of HTML. Whatever comes from outside goes through {@link #text}. */
final class Html {
  private Html() {}

  /** Escapes a text for elements and for attributes in double quotes; control characters show. */
  static String text(String raw) {
    StringBuilder out = new StringBuilder(raw.length() + 16);
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      switch (c) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '"' -> out.append("&quot;");
        case '\'' -> out.append("&#39;");
        case '\n', '\t' -> out.append(c);
        default -> out.append(Character.isISOControl(c) ? '\uFFFD' : c);
      }
    }
    return out.toString();
  }

  /** A number with so many decimals, its sign shown. */
  static String signed(double value, int decimals) {
    return String.format(Locale.ROOT, "%+." + decimals + "f", value).replace('-', '−');
  }

  /** A number with so many decimals. */
  static String plain(double value, int decimals) {
    return String.format(Locale.ROOT, "%." + decimals + "f", value).replace('-', '−');
  }

  /**
   * A table.
   *
   * @param caption text
   * @param head texts of the columns
   * @param rows cells that are HTML already; the first of each is its header
   */
  static String table(String caption, List<String> head, List<List<String>> rows) {
    StringBuilder out = new StringBuilder("<div class=scroll><table><caption>");
    out.append(text(caption)).append("</caption><thead><tr>");
    head.forEach(h -> out.append("<th scope=col>").append(text(h)).append("</th>"));
    out.append("</tr></thead><tbody>");
    for (List<String> row : rows) {
      out.append("<tr><th scope=row>").append(row.getFirst()).append("</th>");
      row.subList(1, row.size()).forEach(c -> out.append("<td>").append(c).append("</td>"));
      out.append("</tr>");
    }
    return out.append("</tbody></table></div>\n").toString();
  }

  /** A whole page, with nothing fetched from anywhere. */
  static String page(String title, String style, String body) {
    return """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>%s</title>
        <style>%s</style>
        </head>
        <body><main>
        %s</main></body>
        </html>
        """
        .formatted(text(title), style, body);
  }
}
