package dev.palimpsest.run;

import java.io.PrintStream;
import java.util.function.LongSupplier;

/**
 * Hears how far long work has come. Points arrive from one thread, as often as the work likes; a
 * point of another task ends the one before.
 */
@FunctionalInterface
public interface Progress extends AutoCloseable {
  /**
   * How far a task is.
   *
   * @param task what is done, in a word or two; it is also the task's identity
   * @param done units done; what a resumed task's first point says counts as done before
   * @param total units in all, 0 if unknown
   * @param unit of {@code done}, plural: tokens, items, bytes
   * @param note what else to show, such as the loss; may be empty
   */
  record Point(String task, long done, long total, String unit, String note) {
    public Point {
      if (done < 0 || total < 0) {
        throw new IllegalArgumentException(task + ": " + done + " of " + total + " " + unit);
      }
    }

    boolean complete() {
      return total > 0 && done >= total;
    }
  }

  /** Takes the next point. */
  void report(Point point);

  /** Takes the next point, without a note. */
  default void report(String task, long done, long total, String unit) {
    report(new Point(task, done, total, unit, ""));
  }

  /** Ends the task at hand, so that what is written next begins a line of its own. */
  @Override
  default void close() {}

  /** Shows nothing. */
  static Progress none() {
    return point -> {};
  }

  /** A bar with rate and time left, for a terminal. */
  static Progress bar(PrintStream terminal) {
    return new ProgressBars(terminal);
  }

  /**
   * A plain line when ten seconds have passed since the last one, and one at a task's end, for logs
   * and pipes.
   *
   * @param nanoTime the clock, as {@code System::nanoTime}
   */
  static Progress lines(PrintStream out, LongSupplier nanoTime) {
    return new ProgressLines(out, nanoTime);
  }
}
