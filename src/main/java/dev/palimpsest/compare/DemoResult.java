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
 * @param dial the first arm's adapter at several scales
 * @param texts written by the base, with what each token's log-probability became under each arm
 * @param facts of the run: versions, hashes, settings, seconds
 */
public record DemoResult(
    String model, List<Arm> arms, List<Point> dial, List<Text> texts, Map<String, String> facts) {

  /** One way of training on one task. */
  public record Arm(String name, String task, Ledger ledger, Tuner.Result training) {}

  /**
   * The adapter at one scale, on few items.
   *
   * @param gain share of the task's development items that are right
   * @param retention share of retention items that are right
   */
  public record Point(double scale, double gain, int gainItems, double retention, int items) {}

  /**
   * A text by tokens.
   *
   * @param before each token's log-probability under the base; the first has none
   * @param after likewise under the arm
   */
  public record Text(String arm, List<String> tokens, List<Double> before, List<Double> after) {}
}
