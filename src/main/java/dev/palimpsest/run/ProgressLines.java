package dev.palimpsest.run;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Plain lines now and then: {@code tune: 400 of 1000 steps (40 %), 2.1 steps/s, 4:46 left}. */
final class ProgressLines implements Progress {
  private static final long QUIET_NANOS = Duration.ofSeconds(10).toNanos();
  private static final double MEGABYTE = 1e6;

  private final PrintStream out;
  private final LongSupplier nanoTime;
  private @Nullable Point first;
  private @Nullable Point last;
  private long firstNanos;
  private long lastLineNanos;
  private boolean lastWritten;

  ProgressLines(PrintStream out, LongSupplier nanoTime) {
    this.out = out;
    this.nanoTime = nanoTime;
  }

  @Override
  public synchronized void report(Point point) {
    long now = nanoTime.getAsLong();
    Point begun = first;
    if (begun == null || !begun.task().equals(point.task())) {
      close();
      begun = point;
      first = point;
      firstNanos = now;
      lastLineNanos = now;
    }
    boolean alreadyComplete = last != null && last.complete() && lastWritten;
    last = point;
    boolean write = point.complete() ? !alreadyComplete : now - lastLineNanos >= QUIET_NANOS;
    lastWritten = write || (alreadyComplete && point.complete());
    if (write) {
      out.println(line(begun, point, now - firstNanos));
      lastLineNanos = now;
    }
  }

  @Override
  public synchronized void close() {
    Point begun = first;
    Point end = last;
    if (begun != null && end != null && !lastWritten && end.done() > begun.done()) {
      out.println(line(begun, end, nanoTime.getAsLong() - firstNanos));
    }
    first = null;
    last = null;
    lastWritten = false;
  }

  private static String line(Point begun, Point point, long nanos) {
    StringBuilder text = new StringBuilder(point.task()).append(": ");
    text.append(amount(point.done(), point.unit()));
    if (point.total() > 0) {
      text.append(" of ").append(amount(point.total(), point.unit()));
    }
    text.append(' ').append(unit(point.unit()));
    if (point.total() > 0) {
      text.append(" (").append(100 * point.done() / point.total()).append(" %)");
    }
    double seconds = nanos / 1e9;
    double rate = seconds > 0 ? (point.done() - begun.done()) / seconds : 0;
    if (rate > 0) {
      double shown = point.unit().equals("bytes") ? rate / MEGABYTE : rate;
      String form = shown < 100 ? "%.1f" : "%.0f";
      text.append(", ").append(String.format(Locale.ROOT, form, shown));
      text.append(' ').append(unit(point.unit())).append("/s");
      if (point.complete()) {
        text.append(", ").append(clock(seconds));
      } else if (point.total() > 0) {
        text.append(", ").append(clock((point.total() - point.done()) / rate)).append(" left");
      }
    }
    return point.note().isEmpty() ? text.toString() : text.append(", " + point.note()).toString();
  }

  private static String amount(long units, String unit) {
    return unit.equals("bytes")
        ? String.format(Locale.ROOT, "%.1f", units / MEGABYTE)
        : String.valueOf(units);
  }

  private static String unit(String unit) {
    return unit.equals("bytes") ? "MB" : unit;
  }

  private static String clock(double seconds) {
    long whole = Math.round(seconds);
    return whole < 3600
        ? String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60)
        : String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
  }
}
