package dev.palimpsest.measure;

import java.util.List;
import java.util.Locale;

/** Training samples over time as tables for people. */
public final class SamplesText {
  private static final String ROW = "%-20s %-10s %7s %8s %8s %8s  %s%n";

  private SamplesText() {}

  /** The states, the classes, the samples that rose, the hardest. */
  public static String of(SampleTrajectories found) {
    int n = found.samples().size();
    StringBuilder out = new StringBuilder();
    out.append(
        String.format(
            Locale.ROOT, "%-12s %8s %10s %12s%n", "state", "loss", "right", "top labels"));
    for (int i = 0; i < found.states().size(); i++) {
      out.append(
          String.format(
              Locale.ROOT,
              "%-12s %8.3f %10s %10.1f %%%n",
              name(found.states().get(i)),
              found.loss(i),
              found.right(i) + "/" + n,
              100 * found.topShare(i)));
    }
    out.append(String.format("%n%d samples:", n));
    found
        .kinds()
        .forEach(
            (kind, count) ->
                out.append(" ").append(SamplesJson.lower(kind)).append(" ").append(count));
    long events = found.samples().stream().filter(s -> s.forgettingEvents() > 0).count();
    out.append(String.format("; %d with a forgetting event%n", events));
    if (!found.unread().isEmpty()) {
      out.append(
          String.format(
              "checkpoints left out, past the product or without an adapter: %s%n",
              found.unread()));
    }
    List<Trajectory> rose = found.rose();
    if (!rose.isEmpty()) {
      out.append(
          String.format(
              "%n%d rose: trained on, and at the end less likely than under the base, and wrong%n",
              rose.size()));
      table(rose.subList(0, Math.min(SamplesJson.SHOWN, rose.size())), out);
    }
    out.append(String.format("%nhighest mean loss after the base%n"));
    table(found.hardest(SamplesJson.SHOWN), out);
    return out.toString().stripTrailing();
  }

  private static void table(List<Trajectory> samples, StringBuilder out) {
    out.append(
        String.format(ROW, "id", "class", "labels", "before", "mean", "end", "forgetting events"));
    for (Trajectory sample : samples) {
      out.append(
          String.format(
              Locale.ROOT,
              ROW,
              sample.id(),
              SamplesJson.lower(sample.kind()),
              sample.labels(),
              nats(sample.states().getFirst().loss()),
              nats(sample.meanLoss()),
              nats(sample.states().getLast().loss()),
              sample.forgettingEvents()));
    }
  }

  private static String name(RunState state) {
    return state.name().equals("end") ? "end, " + state.step() : state.name();
  }

  private static String nats(double loss) {
    return String.format(Locale.ROOT, "%.3f", loss);
  }
}
