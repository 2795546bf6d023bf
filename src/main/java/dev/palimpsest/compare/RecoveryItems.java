package dev.palimpsest.compare;

import dev.palimpsest.measure.ItemRow;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeItem;
import dev.palimpsest.measure.ProbeResult;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Sha256;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;

/**
 * Lost items of a ledger, and as many that neither side knew, each in two halves: one that is shown
 * and one that is asked. The halves are drawn by hash, probe by probe, so that both kinds have the
 * same probes in the same shares. What is about one document, or asks the same, is in one half.
 *
 * @param parts probes with enough of both kinds
 * @param left names of the other probes
 */
public record RecoveryItems(List<Part> parts, List<String> left) {
  /** Copies the lists. */
  public RecoveryItems {
    parts = List.copyOf(parts);
    left = List.copyOf(left);
  }

  /** Items of one kind. */
  public record Halves(List<ProbeItem> shown, List<ProbeItem> asked) {
    /** Copies the lists. */
    public Halves {
      shown = List.copyOf(shown);
      asked = List.copyOf(asked);
    }
  }

  /**
   * One probe.
   *
   * @param lost right before, wrong after
   * @param never wrong both times
   */
  public record Part(Probe probe, Halves lost, Halves never) {}

  private record Drawn(String hash, ProbeItem item) {}

  /**
   * Splits a ledger's items.
   *
   * @throws BadInput if no probe has two lost items and two that neither side knew
   */
  static RecoveryItems of(Ledger ledger, long seed) {
    List<Part> parts = new ArrayList<>();
    List<String> left = new ArrayList<>();
    int all = 0;
    for (ProbeResult result : ledger.probes()) {
      List<Drawn> lost = new ArrayList<>();
      List<Drawn> never = new ArrayList<>();
      for (int i = 0; i < result.rows().size() && !result.probe().ofTexts(); i++) {
        ItemRow row = result.rows().get(i);
        if (row.after() == 0) {
          (row.before() == 1 ? lost : never).add(drawn(result.probe().items().get(i), row, seed));
        }
      }
      all += lost.size();
      sort(lost);
      sort(never);
      List<Drawn> asMany = never.subList(0, Math.min(lost.size(), never.size()));
      Halves first = halves(lost, asMany.size() / 2);
      Halves second = halves(asMany, first.shown.size());
      if (Math.min(first.shown.size(), second.shown.size()) == 0 || second.asked.isEmpty()) {
        left.add(result.probe().name());
      } else {
        parts.add(new Part(result.probe(), first, second));
      }
    }
    if (parts.isEmpty()) {
      throw new BadInput(
          "nothing to recover: of "
              + all
              + " lost items no probe has two, beside two that neither side knew; give more items");
    }
    return new RecoveryItems(parts, left);
  }

  private static Drawn drawn(ProbeItem item, ItemRow row, long seed) {
    String group = row.place().document().map(d -> "of " + d).orElse(item.content());
    String key = seed + "\t" + row.probe() + "\t" + group;
    return new Drawn(Sha256.of(key), item);
  }

  private static void sort(List<Drawn> items) {
    items.sort(Comparator.comparing(Drawn::hash));
  }

  /** The first ones, as many as are wanted or fewer where a group would be torn. */
  private static Halves halves(List<Drawn> items, int wanted) {
    int shown = wanted;
    while (shown > 0
        && shown < items.size()
        && items.get(shown - 1).hash.equals(items.get(shown).hash)) {
      shown--;
    }
    List<ProbeItem> all = items.stream().map(Drawn::item).toList();
    return new Halves(all.subList(0, shown), all.subList(shown, all.size()));
  }

  /** Items of one kind over all probes, how many. */
  int count(Function<Part, List<ProbeItem>> some) {
    return parts.stream().mapToInt(part -> some.apply(part).size()).sum();
  }
}
