package dev.palimpsest.measure;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The ledger's JSON and its item lines, as docs/formats/ledger.md has them. */
public final class LedgerJson {
  private LedgerJson() {}

  /** The document. */
  public static ObjectNode of(Ledger ledger) {
    ObjectNode document = Json.mapper().createObjectNode();
    document.put("format", "palimpsest-ledger/1");
    ArrayNode probes = document.putArray("probes");
    ledger.probes().forEach(result -> probes.add(probe(result)));
    ArrayNode skipped = document.putArray("skipped");
    ledger.skipped().forEach(each -> skipped.add(AnsweringJson.skipped(each)));
    ArrayNode judged = document.putArray("judged");
    ledger.judged().forEach(each -> judged.add(AnsweringJson.judged(each)));
    ArrayNode controls = document.putArray("controls");
    ledger.controls().forEach(each -> controls.add(ControlJson.of(each)));
    document.set("kl_nats_per_token", Json.mapper().nullNode());
    document.set("bits_per_byte", Json.mapper().nullNode());
    ledger
        .divergence()
        .ifPresent(
            divergence -> {
              document.put("kl_nats_per_token", divergence.klNatsPerToken().value());
              document.set("kl", divergence(divergence));
              divergence.bits().ifPresent(bits -> document.set("bits_per_byte", outcome(bits)));
            });
    ledger.onPrompts().ifPresent(prompts -> document.set("kl_on_prompts", divergence(prompts)));
    return document;
  }

  /** The document, with what the ledger was held against. */
  public static ObjectNode of(HeldLedger held) {
    ObjectNode document = of(held.ledger());
    held.trained().ifPresent(overlap -> overlap(held.ledger(), overlap, document));
    ArrayNode all = document.putArray("thresholds");
    for (Threshold.Held each : held.thresholds()) {
      ObjectNode node = all.addObject();
      node.put("rule", lower(each.threshold().rule())).put("margin", each.threshold().margin());
      node.put("missed", each.missed());
      ArrayNode probes = node.putArray("probes");
      each.probes().forEach(judgement -> probes.add(judgement(judgement)));
    }
    return document;
  }

  private static void overlap(Ledger ledger, Overlap overlap, ObjectNode document) {
    overlap.unread().forEach(document.putArray("training_data_unread")::add);
    for (int i = 0; i < ledger.probes().size(); i++) {
      ProbeResult result = ledger.probes().get(i);
      Set<String> ids = overlap.of(result.probe());
      ObjectNode node = (ObjectNode) document.get("probes").get(i);
      result.rows().stream()
          .map(ItemRow::id)
          .filter(ids::contains)
          .forEach(node.putArray("trained_items")::add);
      if (!ids.isEmpty()) {
        result
            .without(ids)
            .ifPresentOrElse(
                others -> node.set("without_trained", outcome(others)),
                () -> node.putNull("without_trained"));
      }
    }
  }

  static ObjectNode judgement(Judgement judgement) {
    ObjectNode node = Json.mapper().createObjectNode();
    node.put("name", judgement.probe()).put("kind", lower(judgement.kind()));
    node.put("verdict", lower(judgement.verdict()));
    node.put("p_lost", judgement.lostP()).put("p_lost_holm", judgement.lostHolm());
    node.put("p_kept", judgement.keptP());
    node.put("confidence", judgement.confidence());
    judgement
        .interval()
        .ifPresentOrElse(
            i -> node.putArray("limits").add(i.low()).add(i.high()), () -> node.putNull("limits"));
    items(node, "items_to_decide", judgement.itemsToDecide());
    items(node, "items_to_see", judgement.itemsToSee());
    return node;
  }

  private static void items(ObjectNode node, String field, OptionalLong items) {
    if (items.isPresent()) {
      node.put(field, items.getAsLong());
    } else {
      node.putNull(field);
    }
  }

  /** Writes one line for each probe and item. */
  public static void writeItems(Ledger ledger, Path file) {
    AtomicFile.write(
        file,
        out -> {
          for (ProbeResult result : ledger.probes()) {
            Map<String, ProbeItem> items = new HashMap<>();
            result.probe().items().forEach(item -> items.put(item.id(), item));
            for (ItemRow row : result.rows()) {
              ObjectNode line = item(row, result.probe().ofTexts());
              asked(line, Optional.ofNullable(items.get(row.id())));
              out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            }
          }
        });
  }

  private static ObjectNode item(ItemRow row, boolean text) {
    ObjectNode line = Json.mapper().createObjectNode();
    line.put("probe", row.probe()).put("id", row.id());
    if (text) {
      line.put("before", row.before()).put("after", row.after());
    } else {
      line.put("before", (int) row.before()).put("after", (int) row.after());
    }
    line.put("answer_before", row.answerBefore().orElse(null));
    line.put("answer_after", row.answerAfter().orElse(null));
    line.put("loops_before", row.loopsBefore()).put("loops_after", row.loopsAfter());
    row.place().slice().ifPresent(slice -> line.put("slice", slice));
    row.place().document().ifPresent(document -> line.put("document", document));
    return text ? line.put("bytes", row.place().bytes()) : line;
  }

  private static void asked(ObjectNode line, Optional<ProbeItem> item) {
    item.flatMap(ProbeItem::asked).ifPresent(words -> line.put("prompt", words));
    item.flatMap(ProbeItem::right).ifPresent(words -> line.put("completion", words));
  }

  /**
   * Reads an item's line back.
   *
   * @throws BadInput if it is no ledger's
   */
  public static ItemRow row(JsonNode line, String where) {
    if (!line.path("probe").isString() || !line.path("after").isNumber()) {
      throw new BadInput(where + ": a line that is no ledger's: " + line);
    }
    return new ItemRow(
        line.path("probe").asString(),
        line.path("id").asString(""),
        line.path("before").asDouble(0),
        line.path("after").asDouble(),
        Json.text(line.path("answer_before")),
        Json.text(line.path("answer_after")),
        line.path("loops_before").asBoolean(false),
        line.path("loops_after").asBoolean(false),
        new ItemRow.Place(
            Json.text(line.path("slice")),
            Json.text(line.path("document")),
            line.path("bytes").asInt(0)));
  }

  private static ObjectNode probe(ProbeResult result) {
    ObjectNode node = Json.mapper().createObjectNode();
    node.put("name", result.probe().name());
    node.put("kind", lower(result.probe().kind()));
    node.put("metric", String.join("+", result.metric()));
    node.put("sha256", result.probe().digest());
    node.setAll(outcome(result.outcome()));
    node.put("same_answers", result.sameAnswers().orElse(null));
    node.put("loops_before", result.loopsBefore()).put("loops_after", result.loopsAfter());
    result.byBytes().ifPresent(bytes -> node.set("acc_norm", outcome(bytes)));
    result
        .perplexity()
        .ifPresent(
            p -> node.putObject("perplexity").put("before", p.before()).put("after", p.after()));
    result.answering().ifPresent(answering -> AnsweringJson.add(answering, node));
    ArrayNode slices = node.putArray("slices");
    result
        .slices()
        .forEach(
            (name, outcome) -> {
              ObjectNode slice = Json.mapper().createObjectNode().put("slice", name);
              slice.setAll(outcome(outcome));
              slices.add(slice);
            });
    result.lost().forEach(node.putArray("lost_items")::add);
    result.won().forEach(node.putArray("won_items")::add);
    return node;
  }

  /** What a set of items says. */
  public static ObjectNode outcome(Outcome outcome) {
    ObjectNode node = Json.mapper().createObjectNode();
    node.put("n", outcome.n());
    node.put("before", outcome.before()).put("after", outcome.after());
    node.put("delta", outcome.delta());
    interval(node, outcome.interval());
    Optional<Outcome.Rates> rates =
        outcome instanceof Outcome.Rates some ? Optional.of(some) : Optional.empty();
    Optional<PairedCounts> counts = rates.map(Outcome.Rates::counts);
    node.put("few", counts.map(PairedCounts::few).orElse(null));
    node.put("lost", counts.map(PairedCounts::lost).orElse(null));
    node.put("won", counts.map(PairedCounts::won).orElse(null));
    node.put("mcnemar_p", counts.map(PairedCounts::mcnemarP).orElse(null));
    node.put("agreement", counts.map(PairedCounts::agreement).orElse(null));
    rates
        .flatMap(Outcome.Rates::clusters)
        .ifPresent(
            clusters ->
                node.put("documents", clusters.documents())
                    .put("design_effect", clusters.designEffect())
                    .put("p_clustered", outcome.p()));
    return node;
  }

  static void interval(ObjectNode node, Optional<Interval> interval) {
    if (interval.isEmpty()) {
      node.putNull("ci95");
      node.putNull("interval");
      return;
    }
    node.putArray("ci95").add(interval.get().low()).add(interval.get().high());
    node.put("interval", lower(interval.get().method()));
  }

  static ObjectNode divergence(Divergence divergence) {
    ObjectNode node = Json.mapper().createObjectNode();
    node.put("on", divergence.on());
    node.put("nats_per_token", divergence.klNatsPerToken().value());
    interval(node, divergence.klNatsPerToken().interval());
    node.put("texts", divergence.klNatsPerToken().texts());
    node.put("tokens", divergence.tokens());
    return node.put("top_agreement", divergence.topAgreement());
  }

  static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
