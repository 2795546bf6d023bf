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
    SortedMap<String, List<ItemRow>> members = new TreeMap<>();
    boolean choices = true;
    for (int i = 0; i < probe.items().size(); i++) {
      ProbeItem item = probe.items().get(i);
      ItemRow row = row(item, before.get(i), after.get(i));
      rows.add(row);
      metrics.add(metric(item));
      choices &= item instanceof ProbeItem.Choose;
      item.slice()
          .ifPresent(slice -> members.computeIfAbsent(slice, _ -> new ArrayList<>()).add(row));
    }
    SortedMap<String, Outcome> slices = new TreeMap<>();
    members.forEach((name, some) -> slices.put(name, new Rows(some).outcome()));
    Rows all = new Rows(rows);
    return new ProbeResult(
            probe,
            List.copyOf(metrics),
            all.outcome(),
            choices
                ? Optional.of(all.rates(rightByBytes(before), rightByBytes(after)))
                : Optional.empty(),
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
        loops(second),
        new ItemRow.Place(item.slice(), probe.document(item), bytes(first)));
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

  private static int bytes(Observation seen) {
    return seen instanceof Observation.Coded coded ? coded.bytes() : 0;
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
