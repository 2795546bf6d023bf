package dev.palimpsest.measure;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Problems;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Two runs held against each other on the items that both ledgers have: what the first's adapter
 * answers is before, what the second's answers is after.
 *
 * @param probes that both have, in the first one's order
 * @param only probes that one of them has
 */
public record LedgerDiff(String first, String second, List<Part> probes, List<String> only) {
  /**
   * One probe.
   *
   * @param kind as the document has it
   * @param rows before is the first run's answer, after the second's
   */
  public record Part(String name, String kind, List<ItemRow> rows) {
    /** Copies the list. */
    public Part {
      rows = List.copyOf(rows);
    }

    /** What the items say together. */
    public Outcome outcome() {
      return Outcome.of(rows);
    }
  }

  /** Copies the lists. */
  public LedgerDiff {
    probes = List.copyOf(probes);
    only = List.copyOf(only);
  }

  /**
   * Pairs two ledgers item by item.
   *
   * @throws BadInput naming the probes that hold other items in one than in the other, or if they
   *     have no probe in common
   */
  public static LedgerDiff of(KeptLedger first, KeptLedger second) {
    Problems problems = new Problems();
    List<Part> parts = new ArrayList<>();
    TreeSet<String> only = new TreeSet<>(second.rows().keySet());
    for (Map.Entry<String, List<ItemRow>> entry : first.rows().entrySet()) {
      String name = entry.getKey();
      List<ItemRow> others = second.rows().get(name);
      if (others == null) {
        only.add(name);
        continue;
      }
      only.remove(name);
      JsonNode one = first.probe(name).orElseThrow();
      JsonNode two = second.probe(name).orElseThrow();
      if (!one.path("sha256").equals(two.path("sha256"))) {
        problems.add("probe " + name + " holds other items in the one than in the other");
      } else if (one.path("metric").asString("").equals("bits_per_byte")
          && !(entry.getValue().getFirst().ofText() && others.getFirst().ofText())) {
        problems.add("probe " + name + " was measured by an earlier version: measure it again");
      } else {
        parts.add(new Part(name, one.path("kind").asString(""), paired(entry.getValue(), others)));
      }
    }
    problems.throwIfAny(first.run() + " and " + second.run());
    if (parts.isEmpty()) {
      throw new BadInput(
          first.run() + " and " + second.run() + ": their ledgers have no probe in common");
    }
    return new LedgerDiff(name(first), name(second), parts, List.copyOf(only));
  }

  private static String name(KeptLedger ledger) {
    String after = ledger.document().path("after").asString(ledger.run().toString());
    return ledger.outdated() ? after + " (as it was: the run's adapter has changed since)" : after;
  }

  private static List<ItemRow> paired(List<ItemRow> first, List<ItemRow> second) {
    Map<String, ItemRow> others = new HashMap<>();
    second.forEach(row -> others.put(row.id(), row));
    List<ItemRow> rows = new ArrayList<>();
    for (ItemRow one : first) {
      ItemRow two = others.get(one.id());
      if (two == null) {
        throw new BadInput("probe " + one.probe() + ": item " + one.id() + " lacks a line");
      }
      rows.add(two.since(one));
    }
    return rows;
  }

  /** The document of {@code ledger diff --json}. */
  public ObjectNode json() {
    ObjectNode document = Json.mapper().createObjectNode();
    document.put("format", "palimpsest-ledger-diff/1");
    document.put("before", first).put("after", second);
    ArrayNode all = document.putArray("probes");
    for (Part part : probes) {
      ObjectNode node = all.addObject().put("name", part.name()).put("kind", part.kind());
      node.setAll(LedgerJson.outcome(part.outcome()));
      ids(part, 1).forEach(node.putArray("lost_items")::add);
      ids(part, -1).forEach(node.putArray("won_items")::add);
    }
    only.forEach(document.putArray("only_in_one")::add);
    return document;
  }

  private static List<String> ids(Part part, int sign) {
    return part.rows().stream()
        .filter(row -> !row.ofText() && Math.signum(row.before() - row.after()) == sign)
        .map(ItemRow::id)
        .toList();
  }

  /** The table for people. */
  public String text() {
    StringBuilder out = new StringBuilder();
    out.append("before: ").append(first).append("\nafter:  ").append(second).append("\n\n");
    out.append(LedgerText.heading());
    probes.forEach(part -> out.append(LedgerText.line(part.name(), part.kind(), part.outcome())));
    if (!only.isEmpty()) {
      out.append("in one of them only: ").append(String.join(", ", only));
    }
    return out.toString().stripTrailing();
  }
}
