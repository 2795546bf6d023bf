package dev.palimpsest.report;

import dev.palimpsest.measure.ItemRow;
import dev.palimpsest.run.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.DeflaterOutputStream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Every item of every ledger of a page with both answers, compressed (zlib, then Base64), for the
 * page's own script: {@code sets} of what was asked, and {@code parts}, one for each arm and probe,
 * that refer to them. An answer is its text, 1 where it is the right answer's text, 2 where it is
 * that before, or 0 where there is none; marks are one digit of base 32 an item.
 *
 * @param longest text of an item that changed; what is longer is cut
 */
record ItemData(String packed, int items, int longest) {
  private static final int RIGHT_BEFORE = 1;
  private static final int RIGHT_AFTER = 2;
  private static final int LOOPS_BEFORE = 4;
  private static final int LOOPS_AFTER = 8;
  private static final int TRAINED = 16;

  /** Longest text of an item that changed, and of one that did not, until all fit. */
  private static final int[][] LIMITS = {
    {20_000, 20_000},
    {4000, 4000},
    {2000, 1000},
    {1000, 300},
    {500, 100},
    {250, 40},
    {120, 12},
    {60, 0},
    {24, 0}
  };

  /** Shorter texts are packed less well, but seldom that much better. */
  private static final double HOPE = 0.7;

  /**
   * Packs all items of questions.
   *
   * @param bytes to use
   * @return empty if there are none, or not even short texts would fit
   */
  static Optional<ItemData> within(long bytes, List<ArmReport> arms) {
    int items =
        arms.stream()
            .flatMap(arm -> questions(arm).stream())
            .mapToInt(row -> row.items().size())
            .sum();
    if (items == 0) {
      return Optional.empty();
    }
    double ratio = 0;
    for (int[] limit : LIMITS) {
      byte[] text =
          Json.write(new Writing(limit[0], limit[1]).all(arms)).getBytes(StandardCharsets.UTF_8);
      if (HOPE * ratio * text.length <= bytes) {
        String packed = packed(text);
        if (packed.length() <= bytes) {
          return Optional.of(new ItemData(packed, items, limit[0]));
        }
        ratio = (double) packed.length() / text.length;
      }
    }
    return Optional.empty();
  }

  /** Whether texts had to be cut. */
  boolean cut() {
    return longest < LIMITS[0][0];
  }

  private static List<LedgerView.Row> questions(ArmReport arm) {
    return arm.ledger().map(LedgerView::probes).orElse(List.of()).stream()
        .filter(row -> row.all().counts().isPresent() && !row.items().isEmpty())
        .toList();
  }

  private static String packed(byte[] text) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (DeflaterOutputStream packing = new DeflaterOutputStream(out)) {
      packing.write(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Base64.getEncoder().encodeToString(out.toByteArray());
  }

  /** One go at it, columns by columns: alike texts stand together. */
  private record Writing(int changed, int same) {
    ObjectNode all(List<ArmReport> arms) {
      ObjectNode document = Json.mapper().createObjectNode();
      ArrayNode sets = document.putArray("sets");
      ArrayNode parts = document.putArray("parts");
      Map<String, Integer> known = new HashMap<>();
      for (int i = 0; i < arms.size(); i++) {
        for (LedgerView.Row row : questions(arms.get(i))) {
          ObjectNode set = set(row);
          String text = set.toString();
          if (!known.containsKey(text)) {
            known.put(text, sets.size());
            sets.add(set);
          }
          String arm = arms.size() == 1 ? "" : arms.get(i).title();
          parts.add(part(arm, row).put("set", known.get(text)));
        }
      }
      return document;
    }

    /** Clipped alike in all arms, so that a set is one for them all. */
    private ObjectNode set(LedgerView.Row row) {
      ObjectNode set = Json.mapper().createObjectNode();
      row.items().forEach(item -> set.withArray("id").add(item.row().id()));
      row.items().forEach(item -> text(set.withArray("asked"), item.asked(), changed));
      row.items().forEach(item -> text(set.withArray("right"), item.right(), changed));
      row.items()
          .forEach(item -> text(set.withArray("slice"), item.row().place().slice(), changed));
      return set;
    }

    private ObjectNode part(String arm, LedgerView.Row probe) {
      ObjectNode part = Json.mapper().createObjectNode();
      part.put("arm", arm).put("probe", probe.name());
      StringBuilder marks = new StringBuilder();
      for (LedgerView.Item item : probe.items()) {
        marks.append(Character.forDigit(marks(item), 32));
      }
      part.put("marks", marks.toString());
      ArrayNode before = part.putArray("before");
      ArrayNode after = part.putArray("after");
      for (LedgerView.Item item : probe.items()) {
        ItemRow row = item.row();
        int most = row.before() == row.after() ? same : changed;
        answer(before, row.answerBefore(), item.right(), Optional.empty(), most);
        answer(after, row.answerAfter(), item.right(), row.answerBefore(), most);
      }
      return part;
    }

    private static int marks(LedgerView.Item item) {
      return (item.row().before() > 0 ? RIGHT_BEFORE : 0)
          | (item.row().after() > 0 ? RIGHT_AFTER : 0)
          | (item.row().loopsBefore() ? LOOPS_BEFORE : 0)
          | (item.row().loopsAfter() ? LOOPS_AFTER : 0)
          | (item.trained() ? TRAINED : 0);
    }

    private static void answer(
        ArrayNode to,
        Optional<String> answer,
        Optional<String> right,
        Optional<String> before,
        int most) {
      if (answer.isEmpty()) {
        to.add(0);
      } else if (answer.equals(right)) {
        to.add(1);
      } else if (answer.equals(before)) {
        to.add(2);
      } else {
        to.add(Markup.visible(ItemLists.clipped(answer.get(), most)));
      }
    }

    private static void text(ArrayNode to, Optional<String> text, int most) {
      if (text.isEmpty()) {
        to.add(0);
      } else {
        to.add(Markup.visible(ItemLists.clipped(text.get(), most)));
      }
    }
  }
}
