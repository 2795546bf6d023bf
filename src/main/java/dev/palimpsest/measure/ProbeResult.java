package dev.palimpsest.measure;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What one probe says about before and after.
 *
 * @param metric the graders' names, in the items' order; {@code choices} and {@code bits_per_byte}
 *     for items graded by likelihood
 * @param outcome over all items
 * @param byBytes over the items with choices, each choice's log-probability divided by its bytes;
 *     absent unless all items have choices
 * @param slices outcomes of the items that name a slice
 * @param rows every item, in the probe's order
 * @param answering what written answers show beside right and wrong
 * @param perplexity of texts
 */
public record ProbeResult(
    Probe probe,
    List<String> metric,
    Outcome outcome,
    Optional<Outcome> byBytes,
    SortedMap<String, Outcome> slices,
    List<ItemRow> rows,
    Optional<Answering> answering,
    Optional<Perplexity> perplexity) {
  /** One with nothing beside what was right, or the texts' bits. */
  public ProbeResult(
      Probe probe,
      List<String> metric,
      Outcome outcome,
      Optional<Outcome> byBytes,
      SortedMap<String, Outcome> slices,
      List<ItemRow> rows) {
    this(probe, metric, outcome, byBytes, slices, rows, Optional.empty(), Optional.empty());
  }

  /** The same with what stands beside. */
  ProbeResult with(Optional<Answering> shown, Optional<Perplexity> texts) {
    return new ProbeResult(probe, metric, outcome, byBytes, slices, rows, shown, texts);
  }

  /** Copies the collections. */
  public ProbeResult {
    metric = List.copyOf(metric);
    slices = Collections.unmodifiableSortedMap(new TreeMap<>(slices));
    rows = List.copyOf(rows);
  }

  /** Ids of the items that were right before and are wrong after; none for texts. */
  public List<String> lost() {
    return probe.ofTexts()
        ? List.of()
        : rows.stream().filter(row -> row.before() > row.after()).map(ItemRow::id).toList();
  }

  /** Ids of the items that were wrong before and are right after; none for texts. */
  public List<String> won() {
    return probe.ofTexts()
        ? List.of()
        : rows.stream().filter(row -> row.before() < row.after()).map(ItemRow::id).toList();
  }

  /** What the items say that are not among some; empty if those are all. */
  public Optional<Outcome> without(Set<String> ids) {
    List<ItemRow> others = rows.stream().filter(row -> !ids.contains(row.id())).toList();
    return others.isEmpty() ? Optional.empty() : Optional.of(Outcome.of(others));
  }

  /**
   * What the same items say between two measurements of one probe: after the earlier one, and after
   * this.
   */
  public Outcome since(ProbeResult earlier) {
    List<ItemRow> between = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      between.add(rows.get(i).since(earlier.rows.get(i)));
    }
    return new Rows(between).outcome();
  }

  /** Answers that ended in endless repetition, before. */
  public int loopsBefore() {
    return (int) rows.stream().filter(ItemRow::loopsBefore).count();
  }

  /** Answers that ended in endless repetition, after. */
  public int loopsAfter() {
    return (int) rows.stream().filter(ItemRow::loopsAfter).count();
  }

  /** Share of items answered in the same words both times; empty for texts. */
  public Optional<Double> sameAnswers() {
    return probe.ofTexts()
        ? Optional.empty()
        : Optional.of(
            (double) rows.stream().filter(r -> r.answerBefore().equals(r.answerAfter())).count()
                / rows.size());
  }
}
