package dev.palimpsest.run;

import java.io.PrintStream;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** One bar at a time on a terminal, redrawn by the library's own thread. */
final class ProgressBars implements Progress {
  private final PrintStream terminal;
  private @Nullable ProgressBar bar;
  private @Nullable Line line;
  private String task = "";

  ProgressBars(PrintStream terminal) {
    this.terminal = terminal;
  }

  @Override
  public synchronized void report(Point point) {
    ProgressBar shown = bar;
    if (!task.equals(point.task())) {
      close();
      shown = begin(point);
      bar = shown;
      task = point.task();
    }
    if (shown == null) {
      return; // this task was complete before
    }
    if (point.total() > 0) {
      shown.maxHint(point.total());
    }
    shown.stepTo(point.done());
    shown.setExtraMessage(point.note().isEmpty() ? "" : "  " + point.note());
    if (point.complete()) {
      end();
    }
  }

  @Override
  public synchronized void close() {
    end();
    task = "";
  }

  private void end() {
    if (bar != null && line != null) {
      bar.close();
      line.end();
    }
    bar = null;
    line = null;
  }

  /**
   * The terminal's line while one bar is drawn on it. The library closes it from a thread of its
   * own, at times not at all, so the line's end is written here.
   */
  private static final class Line implements ProgressBarConsumer {
    private final PrintStream terminal;
    private final ProgressBarConsumer drawn;
    private boolean ended;

    Line(PrintStream terminal) {
      this.terminal = terminal;
      this.drawn = new ConsoleProgressBarConsumer(terminal);
    }

    @Override
    public synchronized void accept(String text) {
      if (!ended) {
        drawn.accept(text);
      }
    }

    @Override
    public int getMaxRenderedLength() {
      return drawn.getMaxRenderedLength();
    }

    @Override
    public void clear() {
      drawn.clear();
    }

    @Override
    public void close() {}

    synchronized void end() {
      ended = true;
      terminal.println();
    }
  }

  private ProgressBar begin(Point point) {
    boolean bytes = point.unit().equals("bytes");
    Line drawn = new Line(terminal);
    line = drawn;
    return ProgressBar.builder()
        .setTaskName(point.task())
        .setInitialMax(point.total() > 0 ? point.total() : -1)
        .startsFrom(point.done(), Duration.ZERO)
        .setUnit(bytes ? " MB" : " " + point.unit(), bytes ? 1_000_000 : 1)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(250)
        .showSpeed(new DecimalFormat("#.#", DecimalFormatSymbols.getInstance(Locale.ROOT)))
        .setConsumer(drawn)
        .build();
  }
}
