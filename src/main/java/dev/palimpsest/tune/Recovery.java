package dev.palimpsest.tune;

import dev.palimpsest.data.Example;
import dev.palimpsest.run.RunFolder;
import java.util.List;
import java.util.Locale;

/**
 * What a diverged run leaves and says: states from which it would only diverge again are removed,
 * so that {@code --resume} goes on from the last good one.
 */
record Recovery(RunFolder run, double rate) {
  /** The loss or the gradient is not finite. */
  Diverged notFinite(Diverged found, long good) {
    return told(String.valueOf(found.getMessage()), good);
  }

  /** The loss has exploded. */
  Diverged exploded(Tally tally, List<Example> examples) {
    String what =
        String.format(
            Locale.ROOT,
            "step %d: the loss is %.3f, for %d steps in a row more than %.0f nats above the average"
                + " before; samples: %s",
            tally.step(),
            tally.loss(),
            Tally.EXPLODED,
            Tally.MARGIN,
            Training.named(examples));
    return told(what, tally.good());
  }

  private Diverged told(String what, long good) {
    run.dropCheckpointsAfter(good);
    List<RunFolder.SavedStep> left = run.checkpoints();
    return new Diverged(
        what
            + "; last good checkpoint: "
            + (left.isEmpty() ? "none" : left.getLast().folder())
            + "; begin a new run with a lower --lr than "
            + rate
            + ", or try again by --resume "
            + run.path()
            + (left.isEmpty() ? " (from the start)" : ""));
  }
}
