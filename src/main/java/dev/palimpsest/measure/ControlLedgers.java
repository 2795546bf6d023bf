package dev.palimpsest.measure;

import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SequencedMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a change does whose intruder dimensions are scaled, and what the controls do: each against
 * the base, and those against each other that tell directions from size, on the same items.
 *
 * @param againstBase by the control's name
 * @param pairs {@link #PAIRS}
 */
public record ControlLedgers(SequencedMap<String, Ledger> againstBase, List<Pair> pairs) {
  /** Which are held against each other: what differs is the directions, or only the size. */
  private static final List<List<String>> PAIRS =
      List.of(
          List.of("shrunk", "intruders"),
          List.of("random", "intruders"),
          List.of("untouched", "resized"));

  /** One against another. */
  public record Pair(String before, String after, Ledger ledger) {
    private ObjectNode json() {
      ObjectNode node = Json.mapper().createObjectNode();
      node.put("before", before).put("after", after);
      node.set("ledger", LedgerJson.of(ledger));
      return node;
    }
  }

  /**
   * How they are measured.
   *
   * @param store of earlier measurements: an item is put to a model once, however often it is held
   *     against another
   */
  public record Measuring(LedgerJob job, LedgerJob.Models models, Path store, Progress progress) {
    private Ledger ledger(LedgerJob asked, Side before, Side after) {
      return asked.measure(new Sides(before, after), models, store, progress);
    }
  }

  /** Copies. */
  public ControlLedgers {
    againstBase = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(againstBase));
    pairs = List.copyOf(pairs);
  }

  /**
   * Measures them.
   *
   * @param five by their names
   */
  public static ControlLedgers measure(
      Measuring measuring, Side base, SequencedMap<String, Side> five) {
    SequencedMap<String, Ledger> againstBase = new LinkedHashMap<>();
    five.forEach(
        (name, side) -> againstBase.put(name, measuring.ledger(measuring.job, base, side)));
    LedgerJob answers = measuring.job.withoutTexts();
    List<Pair> pairs = new ArrayList<>();
    for (List<String> pair : PAIRS) {
      String before = pair.getFirst();
      String after = pair.getLast();
      pairs.add(
          new Pair(
              before,
              after,
              measuring.ledger(
                  answers,
                  Objects.requireNonNull(five.get(before), before),
                  Objects.requireNonNull(five.get(after), after))));
    }
    return new ControlLedgers(againstBase, pairs);
  }

  /** The document. */
  public ObjectNode json() {
    ObjectNode document = Json.mapper().createObjectNode();
    ObjectNode models = document.putObject("against_base");
    againstBase.forEach((name, ledger) -> models.set(name, LedgerJson.of(ledger)));
    ArrayNode array = document.putArray("pairs");
    pairs.forEach(pair -> array.add(pair.json()));
    return document;
  }

  /** For people. */
  public String text() {
    StringBuilder out = new StringBuilder();
    List<ProbeResult> probes = againstBase.firstEntry().getValue().probes();
    for (int i = 0; i < probes.size(); i++) {
      int probe = i;
      String kind = LedgerJson.lower(probes.get(i).probe().kind());
      out.append(
          String.format(Locale.ROOT, "%n%s, against the base%n", probes.get(i).probe().name()));
      out.append(LedgerText.heading("control"));
      againstBase.forEach(
          (name, ledger) ->
              out.append(LedgerText.line(name, kind, ledger.probes().get(probe).outcome())));
      out.append(String.format(Locale.ROOT, "and the second against the first%n"));
      for (Pair pair : pairs) {
        out.append(
            LedgerText.line(
                pair.before + " →", pair.after, pair.ledger.probes().get(probe).outcome()));
      }
    }
    againstBase.forEach(
        (name, ledger) ->
            ledger
                .divergence()
                .ifPresent(
                    divergence ->
                        out.append(
                            String.format(
                                Locale.ROOT,
                                "%nKL(base‖%s) %s",
                                name,
                                LedgerText.distance(divergence)))));
    return out.toString();
  }
}
