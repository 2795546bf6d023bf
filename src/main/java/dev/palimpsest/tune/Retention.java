package dev.palimpsest.tune;

import java.util.List;
import java.util.OptionalLong;

/**
 * What a run under a limit lost.
 *
 * @param overAt the last step, if its evaluation was over the limit
 * @param limit the largest loss allowed
 * @param last losses at the last evaluation, on the items that decide
 * @param product losses of the outcome that was written, on the other items
 */
public record Retention(
    OptionalLong overAt, double limit, List<LossCheck.Loss> last, List<LossCheck.Loss> product) {
  /** Copies the lists. */
  public Retention {
    last = List.copyOf(last);
    product = List.copyOf(product);
  }
}
