package dev.palimpsest.measure;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/** Joins what both sides were seen to do with the same items. */
final class Pairing {
  private final Probe probe;
  private final List<Observation> before;
  private final List<Observation> after;

  private Pairing(Probe probe, List<Observation> before, List<Observation> after) {
    this.probe = probe;
    this.before = before;
    this.after = after;
  }

  static ProbeResult of(Probe probe, List<Observation> before, List<Observation> after) {
    return new Pairing(probe, before, after).result();
  }

  private ProbeResult result() {
    List<ItemRow> rows = new ArrayList<>();
    Set<String> metrics = new LinkedHashSet<>();
    SortedMap<String, List<Integer>> members = new TreeMap<>();
    List<Integer> all = new ArrayList<>();
    boolean choices = true;
    for (int i = 0; i < probe.items().size(); i++) {
      ProbeItem item = probe.items().get(i);
      rows.add(row(item, before.get(i), after.get(i)));
      metrics.add(metric(item));
      choices &= item instanceof ProbeItem.Choose;
      all.add(i);
      if (item.slice().isPresent()) {
        members.computeIfAbsent(item.slice().get(), name -> new ArrayList<>()).add(i);
      }
    }
    SortedMap<String, Outcome> slices = new TreeMap<>();
    members.forEach((name, indexes) -> slices.put(name, outcome(indexes, rows)));
    return new ProbeResult(
            probe,
            List.copyOf(metrics),
            outcome(all, rows),
            choices ? Optional.of(byBytes()) : Optional.empty(),
            slices,
            rows)
        .with(Answering.of(before, after), Perplexity.of(before, after));
  }

  private static String metric(ProbeItem item) {
    return switch (item) {
      case ProbeItem.Ask ask -> ask.metric().name();
      case ProbeItem.Choose choose -> "choices";
      case ProbeItem.Read read -> "bits_per_byte";
    };
  }

  private ItemRow row(ProbeItem item, Observation first, Observation second) {
    return new ItemRow(
        probe.name(),
        item.id(),
        value(item, first),
        value(item, second),
        answer(item, first),
        answer(item, second),
        loops(first),
        loops(second));
  }

  private static double value(ProbeItem item, Observation seen) {
    return switch (seen) {
      case Observation.Answered answered -> answered.right() ? 1 : 0;
      case Observation.Weighed weighed -> {
        ProbeItem.Choose choose = (ProbeItem.Choose) item;
        yield likeliest(weighed, choose, choice -> 1) == choose.answer() ? 1 : 0;
      }
      case Observation.Coded coded -> coded.bits() / coded.bytes();
    };
  }

  private static Optional<String> answer(ProbeItem item, Observation seen) {
    return switch (seen) {
      case Observation.Answered answered -> Optional.of(answered.text());
      case Observation.Weighed weighed -> {
        ProbeItem.Choose choose = (ProbeItem.Choose) item;
        yield Optional.of(choose.choices().get(likeliest(weighed, choose, choice -> 1)));
      }
      case Observation.Coded coded -> Optional.empty();
    };
  }

  private static boolean loops(Observation seen) {
    return seen instanceof Observation.Answered answered && answered.loop();
  }

  /** The choice with the highest log-probability over its size; the first of equals. */
  private static int likeliest(
      Observation.Weighed weighed, ProbeItem.Choose item, ToDoubleFunction<String> size) {
    int best = 0;
    double highest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < item.choices().size(); i++) {
      double logprob = weighed.logprobs().get(i) / size.applyAsDouble(item.choices().get(i));
      if (logprob > highest) {
        highest = logprob;
        best = i;
      }
    }
    return best;
  }

  private Outcome outcome(List<Integer> indexes, List<ItemRow> rows) {
    if (probe.ofTexts()) {
      return Outcome.Bits.of(
          bits(before, indexes),
          bytes(before, indexes),
          bits(after, indexes),
          bytes(after, indexes));
    }
    boolean[] first = new boolean[indexes.size()];
    boolean[] second = new boolean[indexes.size()];
    for (int i = 0; i < first.length; i++) {
      first[i] = rows.get(indexes.get(i)).before() == 1;
      second[i] = rows.get(indexes.get(i)).after() == 1;
    }
    return new Outcome.Rates(PairedCounts.of(first, second));
  }

  private static double[] bits(List<Observation> seen, List<Integer> indexes) {
    return indexes.stream().mapToDouble(i -> ((Observation.Coded) seen.get(i)).bits()).toArray();
  }

  private static double[] bytes(List<Observation> seen, List<Integer> indexes) {
    return indexes.stream().mapToDouble(i -> ((Observation.Coded) seen.get(i)).bytes()).toArray();
  }

  private Outcome byBytes() {
    return new Outcome.Rates(PairedCounts.of(rightByBytes(before), rightByBytes(after)));
  }

  private boolean[] rightByBytes(List<Observation> seen) {
    boolean[] right = new boolean[seen.size()];
    for (int i = 0; i < right.length; i++) {
      ProbeItem.Choose item = (ProbeItem.Choose) probe.items().get(i);
      Observation.Weighed weighed = (Observation.Weighed) seen.get(i);
      right[i] =
          likeliest(weighed, item, c -> c.getBytes(StandardCharsets.UTF_8).length) == item.answer();
    }
    return right;
  }
}
