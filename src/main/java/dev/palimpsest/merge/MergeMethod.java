package dev.palimpsest.merge;

import dev.palimpsest.run.BadInput;
import java.util.List;
import java.util.OptionalInt;

/**
 * What becomes of the changes.
 *
 * @param name what the user called it
 * @param rank that adapters are reduced to before they are added; empty for as they are
 * @param modules rules of some modules in the place of {@code rule}; the first that matches
 */
public record MergeMethod(String name, Rule rule, OptionalInt rank, List<ModuleRule> modules) {
  /** Copies the list. */
  public MergeMethod {
    modules = List.copyOf(modules);
    if (rank.isPresent() && !modules.isEmpty()) {
      throw new BadInput(
          "--method svd: joins whole adapters, so it goes with no rules for some modules");
    }
  }

  /** A rule over changes as they are. */
  public static MergeMethod of(Rule rule) {
    return new MergeMethod(rule.name(), rule, OptionalInt.empty(), List.of());
  }

  /** Adapters joined, and the best approximation of a rank taken. */
  public static MergeMethod svd(int rank) {
    if (rank < 1) {
      throw new BadInput("--rank " + rank + ": give 1 or more");
    }
    return new MergeMethod("svd", new Linear(), OptionalInt.of(rank), List.of());
  }

  /** Whether all changes are added as they are. */
  boolean adds() {
    return rule instanceof Linear
        && modules.stream().allMatch(each -> each.rule() instanceof Linear);
  }

  /** The same with other rules for some modules. */
  public MergeMethod with(List<ModuleRule> rules) {
    return new MergeMethod(name, rule, rank, rules);
  }
}
