package dev.palimpsest.tune;

import java.util.Locale;

/** How the learning rate goes from step to step, as a share of its peak. */
public enum Schedule {
  /** Falls to 0 in a straight line. */
  LINEAR,
  /** Falls to 0 along half a cosine. */
  COSINE,
  /** Stays at its peak. */
  CONSTANT;

  /**
   * The share of the peak rate for a step, as transformers' get_scheduler gives it.
   *
   * @param step from 0
   * @param warmup steps that rise in a straight line from 0
   * @param total steps of the run
   */
  public double share(long step, long warmup, long total) {
    if (step < warmup) {
      return (double) step / warmup;
    }
    double done = (double) (step - warmup) / Math.max(1, total - warmup);
    return switch (this) {
      case LINEAR -> 1 - done;
      case COSINE -> 0.5 * (1 + Math.cos(Math.PI * done));
      case CONSTANT -> 1;
    };
  }

  /** The name on the command line. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
