package dev.palimpsest.report;

import dev.palimpsest.generate.Prompt;
import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.ItemRow;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.LedgerJson;
import dev.palimpsest.measure.PairedCounts;
import dev.palimpsest.measure.ProbeItem;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * A ledger as the page shows it. Both ways lead through the ledger's JSON, so a ledger in memory
 * and one from files look alike; a ledger in memory adds what was asked and what was right.
 *
 * @param probes in their order
 * @param divergences along base-written text, then along prompts, where measured
 */
public record LedgerView(List<Row> probes, List<Distance> divergences) {
  /** Copies the lists. */
  public LedgerView {
    probes = List.copyOf(probes);
    divergences = List.copyOf(divergences);
  }

  /**
   * One probe.
   *
   * @param byBytes choices judged by log-probability a byte
   * @param slices named parts
   * @param loopsBefore answers that ended in endless repetition
   * @param items those whose answers are known
   */
  public record Row(
      String name,
      ProbeKind kind,
      String metric,
      Change all,
      Optional<Change> byBytes,
      List<Slice> slices,
      int loopsBefore,
      int loopsAfter,
      List<Item> items) {
    /** Copies the lists. */
    public Row {
      slices = List.copyOf(slices);
      items = List.copyOf(items);
    }
  }

  /** A part of a probe. */
  public record Slice(String name, Change change) {}

  /**
   * Before and after: shares of right items, or bits a byte where there are no counts.
   *
   * @param n items
   * @param counts lost and won
   */
  public record Change(
      int n,
      double before,
      double after,
      double delta,
      Optional<Interval> interval,
      Optional<PairedCounts> counts) {}

  /**
   * One item.
   *
   * @param asked its prompt, if known
   * @param right its right answer, if known
   */
  public record Item(
      String id,
      Optional<String> asked,
      Optional<String> right,
      double before,
      double after,
      Optional<String> answerBefore,
      Optional<String> answerAfter,
      boolean loopsAfter) {}

  /**
   * How far the distribution moved along some texts.
   *
   * @param bits the texts' bits a byte, where measured
   */
  public record Distance(
      String on,
      double natsPerToken,
      Optional<Interval> interval,
      int texts,
      long tokens,
      double topAgreement,
      Optional<Change> bits) {}

  /** The view of a ledger in memory. */
  public static LedgerView of(Ledger ledger) {
    Map<String, List<Item>> items = new HashMap<>();
    for (ProbeResult result : ledger.probes()) {
      Map<String, ProbeItem> asked =
          result.probe().items().stream().collect(Collectors.toMap(ProbeItem::id, item -> item));
      List<Item> list = items.computeIfAbsent(result.probe().name(), _ -> new ArrayList<>());
      if (!result.probe().ofTexts()) {
        result.rows().forEach(row -> list.add(item(row, Optional.ofNullable(asked.get(row.id())))));
      }
    }
    return of(LedgerJson.of(ledger), items);
  }

  /**
   * The view of a ledger's document.
   *
   * @param itemLines the lines of its item file; may be none
   */
  static LedgerView of(JsonNode document, List<JsonNode> itemLines) {
    Map<String, List<Item>> items = new HashMap<>();
    for (JsonNode line : itemLines) {
      if (line.path("answer_after").isString()) {
        items
            .computeIfAbsent(line.path("probe").asString(""), _ -> new ArrayList<>())
            .add(
                new Item(
                    line.path("id").asString(""),
                    Optional.empty(),
                    Optional.empty(),
                    line.path("before").asDouble(0),
                    line.path("after").asDouble(0),
                    text(line.path("answer_before")),
                    text(line.path("answer_after")),
                    line.path("loops_after").asBoolean(false)));
      }
    }
    return of(document, items);
  }

  /** All items of one kind as one probe; empty if there are none that are right or wrong. */
  Optional<Change> pooled(ProbeKind kind) {
    return probes.stream()
        .filter(row -> row.kind() == kind)
        .flatMap(row -> row.all().counts().stream())
        .reduce(
            (a, b) ->
                new PairedCounts(
                    a.kept() + b.kept(),
                    a.lost() + b.lost(),
                    a.won() + b.won(),
                    a.neither() + b.neither()))
        .map(
            counts ->
                new Change(
                    counts.n(),
                    counts.before(),
                    counts.after(),
                    counts.delta(),
                    Optional.of(counts.interval()),
                    Optional.of(counts)));
  }

  private static LedgerView of(JsonNode document, Map<String, List<Item>> items) {
    List<Row> rows = new ArrayList<>();
    for (JsonNode probe : document.path("probes")) {
      String name = probe.path("name").asString("");
      List<Slice> slices = new ArrayList<>();
      for (JsonNode slice : probe.path("slices")) {
        slices.add(new Slice(slice.path("slice").asString(""), change(slice)));
      }
      rows.add(
          new Row(
              name,
              probe.path("kind").asString("").equals("gain") ? ProbeKind.GAIN : ProbeKind.RETENTION,
              probe.path("metric").asString(""),
              change(probe),
              probe.has("acc_norm")
                  ? Optional.of(change(probe.path("acc_norm")))
                  : Optional.empty(),
              slices,
              probe.path("loops_before").asInt(0),
              probe.path("loops_after").asInt(0),
              Objects.requireNonNullElse(items.get(name), List.of())));
    }
    List<Distance> distances = new ArrayList<>();
    if (document.path("kl").isObject()) {
      distances.add(distance(document.path("kl"), document.path("bits_per_byte")));
    }
    if (document.path("kl_on_prompts").isObject()) {
      distances.add(distance(document.path("kl_on_prompts"), document.path("none")));
    }
    return new LedgerView(rows, distances);
  }

  private static Distance distance(JsonNode kl, JsonNode bits) {
    return new Distance(
        kl.path("on").asString(""),
        kl.path("nats_per_token").asDouble(0),
        interval(kl),
        kl.path("texts").asInt(0),
        kl.path("tokens").asLong(0),
        kl.path("top_agreement").asDouble(0),
        bits.isObject() ? Optional.of(change(bits)) : Optional.empty());
  }

  private static Change change(JsonNode node) {
    int n = node.path("n").asInt(0);
    double before = node.path("before").asDouble(0);
    Optional<PairedCounts> counts = Optional.empty();
    if (node.path("lost").isNumber()) {
      int lost = node.path("lost").asInt();
      int won = node.path("won").asInt();
      int kept = (int) Math.round(before * n) - lost;
      counts = Optional.of(new PairedCounts(kept, lost, won, n - kept - lost - won));
    }
    double after = node.path("after").asDouble(0);
    return new Change(n, before, after, node.path("delta").asDouble(0), interval(node), counts);
  }

  private static Optional<Interval> interval(JsonNode node) {
    JsonNode limits = node.path("ci95");
    if (limits.size() != 2) {
      return Optional.empty();
    }
    Interval.Method method =
        switch (node.path("interval").asString("")) {
          case "score" -> Interval.Method.SCORE;
          case "exact" -> Interval.Method.EXACT;
          default -> Interval.Method.CLUSTERED;
        };
    return Optional.of(new Interval(limits.get(0).asDouble(), limits.get(1).asDouble(), method));
  }

  private static Optional<String> text(JsonNode node) {
    return node.isString() ? Optional.of(node.asString()) : Optional.empty();
  }

  private static Item item(ItemRow row, Optional<ProbeItem> item) {
    return new Item(
        row.id(),
        item.flatMap(LedgerView::asked),
        item.flatMap(LedgerView::right),
        row.before(),
        row.after(),
        row.answerBefore(),
        row.answerAfter(),
        row.loopsAfter());
  }

  private static Optional<String> asked(ProbeItem item) {
    return switch (item) {
      case ProbeItem.Ask ask -> Optional.of(words(ask.prompt()));
      case ProbeItem.Choose choose -> Optional.of(words(choose.prompt()));
      case ProbeItem.Read _ -> Optional.empty();
    };
  }

  private static Optional<String> right(ProbeItem item) {
    return switch (item) {
      case ProbeItem.Ask ask -> Optional.of(ask.completion());
      case ProbeItem.Choose choose -> Optional.of(choose.choices().get(choose.answer()));
      case ProbeItem.Read _ -> Optional.empty();
    };
  }

  private static String words(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Raw raw -> raw.text();
      case Prompt.Chat chat when chat.messages().size() == 1 ->
          chat.messages().getFirst().content();
      case Prompt.Chat chat ->
          chat.messages().stream()
              .map(message -> message.role() + ": " + message.content())
              .collect(Collectors.joining("\n"));
    };
  }
}
