package dev.palimpsest.tune;

import dev.palimpsest.model.AdaptedDecoder;
import java.util.List;
import java.util.Optional;

/**
 * Tells what a model in training has lost of what its base could do; it comes in from where probes
 * are known. The items that decide when a run ends and those that tell of the end are others.
 */
public interface LossCheck {
  /** The digest of all items: over others a resumed run could end elsewhere. */
  String fingerprint();

  /** Of each probe, on the items that decide. */
  List<Loss> deciding(Now now);

  /** Of each probe, on the items that decide nothing. */
  List<Loss> telling(Now now);

  /**
   * A model in training.
   *
   * @param parameters their hash
   */
  record Now(AdaptedDecoder model, String parameters) {}

  /**
   * What a probe has lost.
   *
   * @param items how many
   * @param before share of right items, or bits a byte, of the base
   * @param after likewise, now
   * @param loss as a fraction: of the items; for texts, of the bits before; below 0 if it gained
   * @param lossCi95 two limits, where there is an interval
   */
  record Loss(
      String probe,
      int items,
      double before,
      double after,
      double loss,
      Optional<List<Double>> lossCi95) {}
}
