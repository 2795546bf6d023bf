package dev.palimpsest.run;

import java.io.PrintStream;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** One bar at a time on a terminal, redrawn by the library's own thread. */
final class ProgressBars implements Progress {
  private final PrintStream terminal;
  private @Nullable ProgressBar bar;
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
      shown.close();
      bar = null;
    }
  }

  @Override
  public synchronized void close() {
    if (bar != null) {
      bar.close();
    }
    bar = null;
    task = "";
  }

  private ProgressBar begin(Point point) {
    boolean bytes = point.unit().equals("bytes");
    return ProgressBar.builder()
        .setTaskName(point.task())
        .setInitialMax(point.total() > 0 ? point.total() : -1)
        .startsFrom(point.done(), Duration.ZERO)
        .setUnit(bytes ? " MB" : " " + point.unit(), bytes ? 1_000_000 : 1)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(250)
        .showSpeed(new DecimalFormat("#.#", DecimalFormatSymbols.getInstance(Locale.ROOT)))
        .setConsumer(new ConsoleProgressBarConsumer(terminal))
        .build();
  }
}
