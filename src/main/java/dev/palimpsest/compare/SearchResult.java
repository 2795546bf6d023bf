package dev.palimpsest.compare;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a search came to.
 *
 * @param run its folder
 * @param limits by the name of the probe
 * @param tried every setting, in the order tried
 * @param chosen the one with the most gain among those allowed, on the half that chose nothing
 */
public record SearchResult(
    Path run,
    SearchPlan plan,
    Map<String, Double> limits,
    List<Tried> tried,
    Optional<Chosen> chosen) {
  /** Copies the collections. */
  public SearchResult {
    limits = new LinkedHashMap<>(limits);
    tried = List.copyOf(tried);
  }

  /**
   * One setting.
   *
   * @param number of the run, from 1
   * @param words how that run differs from the one asked for
   * @param state of the run: {@code end}, or a checkpoint as {@code step 20}
   * @param step that the state is after
   * @param scale of the adapter
   * @param selection what it gains and loses on the half that chooses
   * @param allowed whether every loss is under its limit, and anything is gained
   */
  public record Tried(
      int number,
      String words,
      String state,
      long step,
      double scale,
      Reading selection,
      boolean allowed) {
    String adapter() {
      return scale == 1 ? state : state + " × " + scale;
    }
  }

  /**
   * The setting taken.
   *
   * @param report what it gains and loses on the other half
   */
  public record Chosen(Tried tried, Reading report) {}

  /** The first of those with the most gain. */
  static Optional<Tried> best(List<Tried> tried) {
    return tried.stream()
        .filter(Tried::allowed)
        .sorted(Comparator.comparingDouble((Tried each) -> -each.selection().gain()))
        .findFirst();
  }
}
