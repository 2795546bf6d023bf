package dev.palimpsest.report;

import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.ItemRow;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.LedgerJson;
import dev.palimpsest.measure.Outcome;
import dev.palimpsest.measure.PairedCounts;
import dev.palimpsest.measure.ProbeItem;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeResult;
import dev.palimpsest.run.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * A ledger as the page shows it. Both ways lead through the ledger's JSON, so a ledger in memory
 * and one from files look alike.
 *
 * @param probes in their order
 * @param divergences along base-written text, then along prompts, where measured
 * @param document the JSON, for what is shown as it stands there
 */
public record LedgerView(List<Row> probes, List<Distance> divergences, JsonNode document) {
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
   * @param items those whose lines are known
   * @param document its JSON
   */
  public record Row(
      String name,
      ProbeKind kind,
      String metric,
      Change all,
      Optional<Change> byBytes,
      List<Slice> slices,
      List<Item> items,
      JsonNode document) {
    /** Copies the lists. */
    public Row {
      slices = List.copyOf(slices);
      items = List.copyOf(items);
    }

    /** Whether all its items' lines are known. */
    boolean whole() {
      return items.size() == all.n();
    }
  }

  /** A part of a probe. */
  public record Slice(String name, Change change) {}

  /**
   * Before and after: shares of right items, or bits a byte where there are no counts.
   *
   * @param n items
   * @param counts lost and won
   * @param documents that the items are about; 0 where they are independent
   * @param p two-sided, against no change: the clustered test's where items hang together by
   *     document, else McNemar's
   */
  public record Change(
      int n,
      double before,
      double after,
      double delta,
      Optional<Interval> interval,
      Optional<PairedCounts> counts,
      int documents,
      Optional<Double> p) {}

  /**
   * One item.
   *
   * @param asked its prompt, if known
   * @param right its right answer, if known
   * @param trained whether it stands in the run's training data
   */
  public record Item(
      ItemRow row, Optional<String> asked, Optional<String> right, boolean trained) {}

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
      for (ItemRow row : result.rows()) {
        Optional<ProbeItem> item = Optional.ofNullable(asked.get(row.id()));
        list.add(
            new Item(row, item.flatMap(ProbeItem::asked), item.flatMap(ProbeItem::right), false));
      }
    }
    return of(LedgerJson.of(ledger), items);
  }

  /**
   * The view of a ledger's document.
   *
   * @param itemLines the lines of its item file; may be none
   * @param where the lines' place, for the error
   */
  static LedgerView of(JsonNode document, List<JsonNode> itemLines, String where) {
    Map<String, Set<String>> trained = new HashMap<>();
    for (JsonNode probe : document.path("probes")) {
      trained.put(
          probe.path("name").asString(""),
          probe
              .path("trained_items")
              .valueStream()
              .map(JsonNode::asString)
              .collect(Collectors.toSet()));
    }
    Map<String, List<Item>> items = new HashMap<>();
    for (JsonNode line : itemLines) {
      ItemRow row = LedgerJson.row(line, where);
      items
          .computeIfAbsent(row.probe(), _ -> new ArrayList<>())
          .add(
              new Item(
                  row,
                  Json.text(line.path("prompt")),
                  Json.text(line.path("completion")),
                  trained.getOrDefault(row.probe(), Set.of()).contains(row.id())));
    }
    return of(document, items);
  }

  /**
   * All items of one kind as one probe; empty if there are none that are right or wrong. Where
   * items of one document are among them, the interval is clustered, and there is none if the
   * items' lines are not known.
   */
  Optional<Change> pooled(ProbeKind kind) {
    List<Row> rows =
        probes.stream()
            .filter(row -> row.kind() == kind && row.all().counts().isPresent())
            .toList();
    if (rows.isEmpty()) {
      return Optional.empty();
    }
    PairedCounts counts =
        rows.stream()
            .flatMap(row -> row.all().counts().stream())
            .reduce(
                (a, b) ->
                    new PairedCounts(
                        a.kept() + b.kept(),
                        a.lost() + b.lost(),
                        a.won() + b.won(),
                        a.neither() + b.neither()))
            .orElseThrow();
    if (rows.stream().allMatch(row -> row.all().documents() == 0)) {
      return Optional.of(pooled(new Outcome.Rates(counts)));
    }
    if (rows.stream().allMatch(Row::whole)) {
      return Optional.of(
          pooled(
              Outcome.of(
                  rows.stream().flatMap(row -> row.items().stream()).map(Item::row).toList())));
    }
    return Optional.of(
        new Change(
            counts.n(),
            counts.before(),
            counts.after(),
            counts.delta(),
            Optional.empty(),
            Optional.of(counts),
            rows.stream().mapToInt(row -> row.all().documents()).sum(),
            Optional.empty()));
  }

  /** As the document would have it. */
  private static Change pooled(Outcome outcome) {
    Outcome.Rates rates = (Outcome.Rates) outcome;
    return new Change(
        rates.n(),
        rates.before(),
        rates.after(),
        rates.delta(),
        rates.interval(),
        Optional.of(rates.counts()),
        rates.clusters().map(c -> c.documents()).orElse(0),
        Optional.of(rates.clusters().isPresent() ? rates.p() : rates.counts().mcnemarP()));
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
              part(probe, "acc_norm"),
              slices,
              Objects.requireNonNullElse(items.get(name), List.of()),
              probe));
    }
    List<Distance> distances = new ArrayList<>();
    if (document.path("kl").isObject()) {
      distances.add(distance(document.path("kl"), part(document, "bits_per_byte")));
    }
    if (document.path("kl_on_prompts").isObject()) {
      distances.add(distance(document.path("kl_on_prompts"), Optional.empty()));
    }
    return new LedgerView(rows, distances, document);
  }

  private static Distance distance(JsonNode kl, Optional<Change> bits) {
    return new Distance(
        kl.path("on").asString(""),
        kl.path("nats_per_token").asDouble(0),
        interval(kl),
        kl.path("texts").asInt(0),
        kl.path("tokens").asLong(0),
        kl.path("top_agreement").asDouble(0),
        bits);
  }

  /** The change that a field holds, if it holds one. */
  static Optional<Change> part(JsonNode node, String field) {
    return node.path(field).isObject() ? Optional.of(change(node.path(field))) : Optional.empty();
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
    JsonNode clustered = node.path("p_clustered");
    int documents = node.path("documents").asInt(0);
    return new Change(
        n,
        before,
        node.path("after").asDouble(0),
        node.path("delta").asDouble(0),
        interval(node),
        counts,
        documents,
        clustered.isNumber()
            ? Optional.of(clustered.asDouble())
            : counts.filter(_ -> documents == 0).map(PairedCounts::mcnemarP));
  }

  /** The 95 % interval of a node. */
  static Optional<Interval> interval(JsonNode node) {
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
}
