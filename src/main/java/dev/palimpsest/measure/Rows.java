package dev.palimpsest.measure;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** What some items, all texts or none, say together. */
record Rows(List<ItemRow> all) {
  Outcome outcome() {
    return all.getFirst().ofText() ? bits() : rates();
  }

  private Outcome rates() {
    boolean[] before = new boolean[all.size()];
    boolean[] after = new boolean[all.size()];
    for (int i = 0; i < before.length; i++) {
      before[i] = all.get(i).before() == 1;
      after[i] = all.get(i).after() == 1;
    }
    return rates(before, after);
  }

  /** The same items, right or wrong by another measure. */
  Outcome.Rates rates(boolean[] before, boolean[] after) {
    PairedCounts counts = PairedCounts.of(before, after);
    List<String> documents = documents();
    if (documents.stream().distinct().count() == documents.size()) {
      return new Outcome.Rates(counts);
    }
    double[] change = new double[before.length];
    Arrays.setAll(change, i -> (after[i] ? 1 : 0) - (before[i] ? 1 : 0));
    return new Outcome.Rates(counts, Optional.of(Clusters.of(change, documents)));
  }

  private Outcome bits() {
    double[] bytes = each(row -> row.place().bytes());
    double[] before = each(row -> row.before() * row.place().bytes());
    double[] after = each(row -> row.after() * row.place().bytes());
    List<String> documents = documents();
    double[] sizes = Clusters.sums(bytes, documents);
    return new Outcome.Bits(
        all.size(),
        Ratio.value(before, bytes),
        Ratio.value(after, bytes),
        Ratio.change(
            Clusters.sums(before, documents), sizes, Clusters.sums(after, documents), sizes));
  }

  /** After less before, added up by document: right items, or bits. */
  double[] changes() {
    return Clusters.sums(
        each(row -> (row.after() - row.before()) * Math.max(1, row.place().bytes())), documents());
  }

  /** Of each document: its items, or its texts' bytes. */
  double[] sizes() {
    return Clusters.sums(each(row -> Math.max(1, row.place().bytes())), documents());
  }

  private double[] each(ToDoubleFunction<ItemRow> value) {
    return all.stream().mapToDouble(value).toArray();
  }

  /** What each item is about; one of which that is not told stands by itself. */
  private List<String> documents() {
    return IntStream.range(0, all.size())
        .mapToObj(i -> all.get(i).place().document().map(d -> "of " + d).orElse("item " + i))
        .toList();
  }
}
