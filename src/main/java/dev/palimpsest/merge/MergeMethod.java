package dev.palimpsest.merge;

import dev.palimpsest.run.BadInput;
import java.util.OptionalInt;

/**
 * What becomes of the changes.
 *
 * @param name what the user called it
 * @param rank that adapters are reduced to before they are added; empty for as they are
 */
public record MergeMethod(String name, Rule rule, OptionalInt rank) {
  /** A rule over changes as they are. */
  public static MergeMethod of(Rule rule) {
    return new MergeMethod(rule.name(), rule, OptionalInt.empty());
  }

  /** Adapters joined, and the best approximation of a rank taken. */
  public static MergeMethod svd(int rank) {
    if (rank < 1) {
      throw new BadInput("--rank " + rank + ": give 1 or more");
    }
    return new MergeMethod("svd", new Linear(), OptionalInt.of(rank));
  }
}
