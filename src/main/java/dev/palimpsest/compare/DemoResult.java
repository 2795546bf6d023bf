package dev.palimpsest.compare;

import dev.palimpsest.measure.Ledger;
import dev.palimpsest.tune.Tuner;
import java.util.List;
import java.util.Map;

/**
 * What the demonstration found.
 *
 * @param model the base, as the user names it
 * @param arms each a training run with its ledger against the base
 * @param dial the first arm's adapter at several scales above 0, which is the base, to 1
 * @param texts written by the base, with what each token's log-probability became under each arm
 * @param costs time by stage, in order
 * @param facts of the run: versions, hashes, settings, seconds
 */
public record DemoResult(
    String model,
    List<Arm> arms,
    List<Point> dial,
    List<Text> texts,
    List<Cost> costs,
    Map<String, String> facts) {

  /**
   * One way of training on one task.
   *
   * @param path the checkpoints and the end, on few items
   */
  public record Arm(
      String name, String task, Ledger ledger, Tuner.Result training, List<Point> path) {}

  /**
   * A stop on the way from the base to a tuned model.
   *
   * @param at such as {@code step 20} or {@code scale 0.5}
   * @param ledger against the base, on at most a hundred items, none of which the arm's ledger
   *     judges its gain by
   */
  public record Point(String at, Ledger ledger) {}

  /** Wall-clock seconds of a stage. */
  public record Cost(DemoStages.Stage stage, double seconds) {}

  /**
   * A text by tokens.
   *
   * @param before each token's log-probability under the base; the first has none
   * @param after likewise under the arm
   */
  public record Text(String arm, List<String> tokens, List<Double> before, List<Double> after) {}
}
