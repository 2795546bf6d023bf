package dev.palimpsest.report;

import java.util.Comparator;
import java.util.List;

/**
 * Texts coloured by the change of each token's log-probability. The number of each is its title;
 * the tokens that changed most stand in a table too, for readers without a pointer.
 */
final class TextColours {
  private static final double[] LIMITS = {0.1, 0.5, 1, 2};
  private static final int MOST_LISTED = 10;

  private final long bytes;
  private long used;

  private TextColours(long bytes) {
    this.bytes = bytes;
  }

  /**
   * Writes all texts for which there is room, and says how many tokens there was none for.
   *
   * @param bytes for all texts together
   */
  static Markup of(List<ColouredText> texts, long bytes) {
    Markup html = new Markup();
    legend(html);
    TextColours room = new TextColours(bytes);
    texts.forEach(text -> room.write(html, text));
    return html;
  }

  private static void legend(Markup html) {
    html.open("p", "class", "legend");
    html.element("span", "less likely than before:", "class", "word");
    String[] less = {"2 nats or more", "1 to 2", "0.5 to 1", "0.1 to 0.5", "under 0.1"};
    for (int i = 0; i < less.length; i++) {
      html.text(" ").element("span", less[i], "class", i == 4 ? "tok" : "tok less" + (4 - i));
    }
    for (int i = 1; i <= 4; i++) {
      html.text(" ").element("span", less[4 - i], "class", "tok more" + i);
    }
    html.text(" ").element("span", "more likely", "class", "word").closeLine();
  }

  private void write(Markup html, ColouredText text) {
    html.element("h3", text.caption());
    html.element("p", summary(text), "class", "note");
    html.open("div", "class", "coloured");
    if (!text.lead().isEmpty()) {
      html.element("span", text.lead(), "class", "lead");
    }
    int shown = 0;
    for (ColouredText.TokenChange token : text.tokens()) {
      Markup span = span(token);
      used += span.bytes();
      if (used > bytes) {
        break;
      }
      html.add(span);
      shown++;
    }
    html.closeLine();
    if (shown < text.tokens().size()) {
      html.element(
          "p",
          "Shown: the first "
              + Numbers.count(shown)
              + " of "
              + Numbers.count(text.tokens().size())
              + " tokens, to keep this file small.",
          "class",
          "note");
    }
    mostChanged(html, text);
  }

  private static String summary(ColouredText text) {
    double sum = text.tokens().stream().mapToDouble(ColouredText.TokenChange::delta).sum();
    return Numbers.count(text.tokens().size())
        + " tokens; their log-probability changed by "
        + Numbers.signed(sum, 2)
        + " nats in all, "
        + Numbers.signed(sum / Math.max(1, text.tokens().size()), 3)
        + " a token.";
  }

  private static Markup span(ColouredText.TokenChange token) {
    String kind = kind(token.delta());
    String title =
        Numbers.signed(token.delta(), 2)
            + ": "
            + Numbers.fixed(token.before(), 2)
            + " \u2192 "
            + Numbers.fixed(token.after(), 2);
    return kind.isEmpty()
        ? new Markup().element("span", token.text(), "title", title)
        : new Markup().element("span", token.text(), "class", kind, "title", title);
  }

  /** The class of a change, in nats; empty for hardly any. */
  static String kind(double delta) {
    int strength = 0;
    while (strength < LIMITS.length && Math.abs(delta) >= LIMITS[strength]) {
      strength++;
    }
    return strength == 0 ? "" : (delta < 0 ? "less" : "more") + strength;
  }

  private static void mostChanged(Markup html, ColouredText text) {
    List<ColouredText.TokenChange> most =
        text.tokens().stream()
            .sorted(
                Comparator.comparingDouble(
                    (ColouredText.TokenChange token) -> -Math.abs(token.delta())))
            .limit(MOST_LISTED)
            .toList();
    html.open("details").element("summary", "The " + most.size() + " tokens that changed most");
    Table table = Table.open(html, "Log-probability in nats", "token", "before", "after", "\u0394");
    for (ColouredText.TokenChange token : most) {
      table.row(
          "\u201c" + token.text() + "\u201d",
          Numbers.fixed(token.before(), 2),
          Numbers.fixed(token.after(), 2),
          Numbers.signed(token.delta(), 2));
    }
    table.close();
    html.closeLine();
  }
}
