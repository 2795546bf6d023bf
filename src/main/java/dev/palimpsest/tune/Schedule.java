package dev.palimpsest.tune;

import java.util.Locale;

/** How the learning rate goes from step to step, as a share of its peak. */
public enum Schedule {
  /** Falls to 0 in a straight line. */
  LINEAR {
    @Override
    double after(double done) {
      return 1 - done;
    }
  },
  /** Falls to 0 along half a cosine. */
  COSINE {
    @Override
    double after(double done) {
      return 0.5 * (1 + Math.cos(Math.PI * done));
    }
  },
  /** Stays at its peak. */
  CONSTANT {
    @Override
    double after(double done) {
      return 1;
    }
  };

  /** The share once {@code done} (0 to 1) of the steps after warm-up are over. */
  abstract double after(double done);

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
    return after((double) (step - warmup) / Math.max(1, total - warmup));
  }

  /** The name on the command line. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
