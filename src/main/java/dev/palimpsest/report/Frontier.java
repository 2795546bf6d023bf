package dev.palimpsest.report;

import dev.palimpsest.compare.DemoResult;
import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.Outcome;
import dev.palimpsest.measure.PairedCounts;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Gain against loss as a picture: one mark an arm, with both intervals. */
final class Frontier {
  private static final int WIDTH = 720;
  private static final int HEIGHT = 400;
  private static final int LEFT = 70;
  private static final int BOTTOM = 345;
  private static final int TOP = 25;
  private static final int RIGHT = 690;

  private Frontier() {}

  /**
   * An arm's place.
   *
   * @param gain Δ on the task's held-out items
   * @param retention Δ over the items of all retention probes together
   */
  record Mark(String name, double gain, Interval gains, double retention, Interval retentions) {}

  /** Where an arm stands. */
  static Mark mark(DemoResult.Arm arm) {
    PairedCounts gain = counts(arm, ProbeKind.GAIN);
    PairedCounts kept = counts(arm, ProbeKind.RETENTION);
    return new Mark(arm.name(), gain.delta(), gain.interval(), kept.delta(), kept.interval());
  }

  /** Right and wrong answers of all probes of a kind, added up. */
  static PairedCounts counts(DemoResult.Arm arm, ProbeKind kind) {
    int kept = 0;
    int lost = 0;
    int won = 0;
    int neither = 0;
    for (ProbeResult probe : arm.ledger().probes()) {
      if (probe.probe().kind() == kind && probe.outcome() instanceof Outcome.Rates rates) {
        kept += rates.counts().kept();
        lost += rates.counts().lost();
        won += rates.counts().won();
        neither += rates.counts().neither();
      }
    }
    return new PairedCounts(kept, lost, won, neither);
  }

  static String svg(List<Mark> marks) {
    double lowest = -0.02;
    double highest = 0.02;
    for (Mark mark : marks) {
      lowest = Math.min(lowest, mark.retentions.low());
      highest = Math.max(highest, mark.retentions.high());
    }
    Axis x = new Axis(lowest - 0.01, highest + 0.01);
    StringBuilder out = new StringBuilder();
    out.append(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"ft fd\">"
            .formatted(WIDTH, HEIGHT));
    out.append("<title id=\"ft\">Gain against loss</title><desc id=\"fd\">");
    for (Mark mark : marks) {
      out.append(Html.text(words(mark))).append(' ');
    }
    out.append("</desc>");
    axes(out, x);
    int number = 0;
    for (Mark mark : marks) {
      mark(out, x, mark, number++);
    }
    return out.append("</svg>").toString();
  }

  private static String words(Mark mark) {
    return "%s: gain %s, retention %s."
        .formatted(mark.name, points(mark.gain), points(mark.retention));
  }

  static String points(double share) {
    return Html.signed(100 * share, 1) + " points";
  }

  private record Axis(double low, double high) {
    double at(double value) {
      return LEFT + (value - low) / (high - low) * (RIGHT - LEFT);
    }
  }

  private static double y(double gain) {
    return BOTTOM - Math.clamp(gain, -0.05, 1) / 1.05 * (BOTTOM - TOP);
  }

  private static void axes(StringBuilder out, Axis x) {
    for (int percent = 0; percent <= 100; percent += 25) {
      double y = y(percent / 100.0);
      out.append(line(LEFT, y, RIGHT, y, "var(--line)", 1));
      out.append(label(LEFT - 8, y + 4, "end", percent + ""));
    }
    double step = x.high - x.low > 0.2 ? 0.05 : x.high - x.low > 0.08 ? 0.02 : 0.01;
    for (double tick = Math.ceil(x.low / step) * step; tick <= x.high; tick += step) {
      out.append(line(x.at(tick), BOTTOM, x.at(tick), BOTTOM + 5, "var(--faint)", 1));
      out.append(label(x.at(tick), BOTTOM + 20, "middle", Html.signed(100 * tick, 0)));
    }
    out.append(line(x.at(0), TOP, x.at(0), BOTTOM, "var(--faint)", 1));
    out.append(
        label(
            (LEFT + RIGHT) / 2.0,
            BOTTOM + 42,
            "middle",
            "retention: points lost (left) or won (right)"));
    out.append(
        "<text class=\"faint\" transform=\"translate(20 %d) rotate(-90)\" text-anchor=\"middle\">gain: points won on held-out items</text>"
            .formatted((TOP + BOTTOM) / 2));
  }

  private static void mark(StringBuilder out, Axis x, Mark mark, int number) {
    double cx = x.at(mark.retention);
    double cy = y(mark.gain);
    String colour = mark.name.endsWith("replay") ? "var(--gain)" : "var(--loss)";
    out.append("<g><title>").append(Html.text(words(mark))).append("</title>");
    out.append(line(x.at(mark.retentions.low()), cy, x.at(mark.retentions.high()), cy, colour, 2));
    out.append(line(cx, y(mark.gains.low()), cx, y(mark.gains.high()), colour, 2));
    out.append("<circle cx=\"%s\" cy=\"%s\" r=\"6\" fill=\"%s\"/>".formatted(f(cx), f(cy), colour));
    double dy = number % 2 == 0 ? -12 : 24;
    out.append(label(cx + 10, cy + dy, cx > 560 ? "end" : "start", mark.name));
    out.append("</g>");
  }

  private static String line(double x1, double y1, double x2, double y2, String colour, int width) {
    return "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" stroke=\"%s\" stroke-width=\"%d\"/>"
        .formatted(f(x1), f(y1), f(x2), f(y2), colour, width);
  }

  private static String label(double x, double y, String anchor, String text) {
    return "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\">%s</text>"
        .formatted(f(x), f(y), anchor, Html.text(text));
  }

  private static String f(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  /** Marks of all arms. */
  static List<Mark> marks(DemoResult result) {
    List<Mark> marks = new ArrayList<>();
    result.arms().forEach(arm -> marks.add(mark(arm)));
    return marks;
  }

  /** The interval in words. */
  static String interval(Optional<Interval> interval, double factor, int decimals) {
    return interval
        .map(
            i ->
                Html.signed(factor * i.low(), decimals)
                    + " … "
                    + Html.signed(factor * i.high(), decimals))
        .orElse("none");
  }
}
