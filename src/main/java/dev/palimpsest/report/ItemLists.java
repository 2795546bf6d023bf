package dev.palimpsest.report;

import dev.palimpsest.measure.ItemRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Lost items, won items and loops, each with both answers, as they are read without a script. All
 * lists of a page share one allowance of bytes, short lists first; a list that is cut says how much
 * of it is shown.
 */
final class ItemLists {
  /** Of a text, so much is shown at once, and the rest when it is opened. */
  private static final int SHOWN_TEXT = 600;

  private static final int LONGEST_TEXT = 20_000;
  private static final int LONGEST_NAME = 120;
  private static final int OPEN_UP_TO = 12;

  private final long allowance;

  /** A longer list is closed at first; all are on a page about several arms. */
  private final int openUpTo;

  /** Which of a probe's items a list has. */
  private enum Kind {
    LOST("Lost"),
    WON("Won"),
    LOOPS("Endless repetition after");

    private final String heading;

    Kind(String heading) {
      this.heading = heading;
    }

    private boolean has(ItemRow row) {
      return switch (this) {
        case LOST -> row.before() > row.after();
        case WON -> row.before() < row.after();
        case LOOPS -> row.loopsAfter();
      };
    }

    List<LedgerView.Item> of(LedgerView.Row probe) {
      return probe.all().counts().isEmpty()
          ? List.of()
          : probe.items().stream().filter(item -> has(item.row())).toList();
    }
  }

  private ItemLists(long allowance, int openUpTo) {
    this.allowance = allowance;
    this.openUpTo = openUpTo;
  }

  /**
   * Divides the room.
   *
   * @param bytes for the lists of all arms together
   */
  static ItemLists within(long bytes, List<ArmReport> arms) {
    List<Long> sizes = new ArrayList<>();
    for (ArmReport arm : arms) {
      for (LedgerView.Row row : arm.ledger().map(LedgerView::probes).orElse(List.of())) {
        for (Kind kind : Kind.values()) {
          sizes.add(kind.of(row).stream().mapToLong(item -> entry(item).bytes()).sum());
        }
      }
    }
    return new ItemLists(
        allowance(sizes.stream().mapToLong(Long::longValue).toArray(), bytes),
        arms.size() == 1 ? OPEN_UP_TO : 0);
  }

  /** The most that one list may take so that all fit: short ones whole, long ones alike. */
  static long allowance(long[] sizes, long bytes) {
    long[] sorted = sizes.clone();
    Arrays.sort(sorted);
    long left = bytes;
    for (int i = 0; i < sorted.length; i++) {
      long share = left / (sorted.length - i);
      if (sorted[i] > share) {
        return share;
      }
      left -= sorted[i];
    }
    return Long.MAX_VALUE;
  }

  /** The lists of one arm. */
  Markup of(LedgerView ledger) {
    Markup html = new Markup();
    for (LedgerView.Row row : ledger.probes()) {
      for (Kind kind : Kind.values()) {
        list(html, row, kind);
      }
    }
    return html;
  }

  private void list(Markup html, LedgerView.Row row, Kind kind) {
    List<LedgerView.Item> items = kind.of(row);
    if (items.isEmpty()) {
      return;
    }
    Markup entries = new Markup();
    long used = 0;
    int shown = 0;
    for (LedgerView.Item item : items) {
      Markup entry = entry(item);
      used += entry.bytes();
      if (used > allowance) {
        break;
      }
      entries.add(entry);
      shown++;
    }
    if (kind == Kind.LOST && items.size() <= openUpTo) {
      html.open("details", "class", "list", "open", "");
    } else {
      html.open("details", "class", "list");
    }
    html.element(
        "summary",
        kind.heading
            + ", "
            + row.name()
            + ": "
            + Numbers.count(items.size())
            + (items.size() == 1 ? " item" : " items"));
    if (shown < items.size()) {
      html.element(
          "p",
          "Shown: the first "
              + Numbers.count(shown)
              + " of "
              + Numbers.count(items.size())
              + ", to keep this file small; every item has all of them.",
          "class",
          "note");
    }
    html.open("ol", "class", "items").add(entries).close().closeLine();
  }

  private static Markup entry(LedgerView.Item item) {
    Markup html = new Markup();
    html.open("li").open("h4").text(clipped(item.row().id(), LONGEST_NAME));
    if (item.trained()) {
      html.text(" ").element("small", "in the training data", "class", "flag");
    }
    html.close().open("dl");
    pair(html, "asked", "asked", item.asked());
    pair(html, "right", "right answer", item.right().filter(right -> !given(item.row(), right)));
    answer(html, "before", item.row().before(), item.row().answerBefore());
    answer(html, "after", item.row().after(), item.row().answerAfter());
    html.close().closeLine();
    return html;
  }

  /** Whether a side answered in these words: then they are not said twice. */
  private static boolean given(ItemRow row, String right) {
    Optional<String> words = Optional.of(right);
    return row.answerBefore().equals(words) || row.answerAfter().equals(words);
  }

  private static void answer(Markup html, String side, double value, Optional<String> answer) {
    String verdict = value > 0 ? "\u2713 right" : "\u2717 wrong";
    String kind = value > 0 ? "answer good" : "answer bad";
    pair(html, kind, side + " " + verdict, Optional.of(answer.orElse("")));
  }

  private static void pair(Markup html, String kind, String name, Optional<String> value) {
    if (value.isEmpty()) {
      return;
    }
    html.open("div", "class", kind).element("dt", name).open("dd");
    String text = clipped(value.get(), LONGEST_TEXT);
    int shown = text.length() <= SHOWN_TEXT ? text.length() : boundary(text, SHOWN_TEXT);
    html.text(text.isEmpty() ? "(empty)" : text.substring(0, shown));
    if (shown < text.length()) {
      html.text("\u2026").open("details");
      html.element("summary", Numbers.count(text.length() - shown) + " characters more");
      html.text("\u2026" + text.substring(shown)).close();
    }
    html.close().close();
  }

  /** Cut, with what is missing said. */
  static String clipped(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    int end = boundary(text, most);
    return text.substring(0, end) + " \u2026 (" + Numbers.count(text.length() - end) + " more)";
  }

  /** Between characters, not within one. */
  private static int boundary(String text, int at) {
    return at > 0 && Character.isHighSurrogate(text.charAt(at - 1)) ? at - 1 : at;
  }
}
