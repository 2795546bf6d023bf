package dev.palimpsest.report;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Lost items, won items and loops, each with both answers. All lists of a page share one allowance
 * of bytes, short lists first; a list that is cut says how much of it is shown.
 */
final class ItemLists {
  private static final int LONGEST_TEXT = 700;
  private static final int LONGEST_NAME = 120;
  private static final int OPEN_UP_TO = 12;

  private final long allowance;

  /** Which of a probe's items a list has. */
  private enum Kind {
    LOST("Lost"),
    WON("Won"),
    LOOPS("Endless repetition after");

    private final String heading;

    Kind(String heading) {
      this.heading = heading;
    }

    boolean has(LedgerView.Item item) {
      return switch (this) {
        case LOST -> item.before() > item.after();
        case WON -> item.before() < item.after();
        case LOOPS -> item.loopsAfter();
      };
    }
  }

  private ItemLists(long allowance) {
    this.allowance = allowance;
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
          sizes.add(row.items().stream().filter(kind::has).mapToLong(i -> size(entry(i))).sum());
        }
      }
    }
    return new ItemLists(allowance(sizes.stream().mapToLong(Long::longValue).toArray(), bytes));
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
    List<LedgerView.Item> items = row.items().stream().filter(kind::has).toList();
    if (items.isEmpty()) {
      return;
    }
    Markup entries = new Markup();
    long used = 0;
    int shown = 0;
    for (LedgerView.Item item : items) {
      Markup entry = entry(item);
      used += size(entry);
      if (used > allowance) {
        break;
      }
      entries.add(entry);
      shown++;
    }
    if (kind == Kind.LOST && items.size() <= OPEN_UP_TO) {
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
            + items(items.size()));
    if (shown < items.size()) {
      html.element(
          "p",
          "Shown: the first "
              + Numbers.count(shown)
              + " of "
              + Numbers.count(items.size())
              + ", to keep this file small; the ledger's item lines have all.",
          "class",
          "note");
    }
    html.open("ol", "class", "items").add(entries).close().closeLine();
  }

  private static String items(int count) {
    return count == 1 ? " item" : " items";
  }

  private static long size(Markup entry) {
    return entry.toString().getBytes(StandardCharsets.UTF_8).length;
  }

  private static Markup entry(LedgerView.Item item) {
    Markup html = new Markup();
    html.open("li").element("h5", clipped(item.id(), LONGEST_NAME)).open("dl");
    pair(html, "asked", "asked", item.asked());
    pair(html, "right", "right answer", item.right());
    answer(html, "before", item.before(), item.answerBefore());
    answer(html, "after", item.after(), item.answerAfter());
    html.close().closeLine();
    return html;
  }

  private static void answer(Markup html, String side, double value, Optional<String> answer) {
    String verdict = value > 0 ? "\u2713 right" : "\u2717 wrong";
    String kind = value > 0 ? "answer good" : "answer bad";
    pair(html, kind, side + " " + verdict, Optional.of(answer.orElse("")));
  }

  private static void pair(Markup html, String kind, String name, Optional<String> value) {
    if (value.isPresent()) {
      html.open("div", "class", kind).element("dt", name);
      html.element("dd", value.get().isEmpty() ? "(empty)" : clipped(value.get(), LONGEST_TEXT));
      html.close();
    }
  }

  private static String clipped(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
    return text.substring(0, end) + " \u2026 (" + Numbers.count(text.length() - end) + " more)";
  }
}
