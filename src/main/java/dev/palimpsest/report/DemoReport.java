package dev.palimpsest.report;

import dev.palimpsest.compare.DemoResult;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The demonstration's page. */
public final class DemoReport {
  private static final String TITLE = "What was written, what was overwritten";

  private DemoReport() {}

  /** Writes the page. */
  public static void write(Path file, DemoResult result) {
    ReportPage.write(file, of(result));
  }

  static ReportData of(DemoResult result) {
    List<ArmReport> arms = new ArrayList<>();
    for (DemoResult.Arm arm : result.arms()) {
      arms.add(
          ArmReport.of(arm.name(), "", arm.ledger())
              .withCheckpoints(path("step 0", arm.path()))
              .withCost(cost(arm.training())));
    }
    // the dial is the first arm's
    arms.set(0, arms.getFirst().withDial(path("scale 0", result.dial())));
    List<Fact> settings = new ArrayList<>();
    result.facts().forEach((name, value) -> settings.add(new Fact(name, value)));
    settings.addAll(time(result.costs()));
    return new ReportData(TITLE, finding(result, arms), arms, texts(result), settings);
  }

  /** What was gained by whom, and whose loss is beyond doubt; the numbers stand in the table. */
  private static String finding(DemoResult result, List<ArmReport> arms) {
    List<String> gains = new ArrayList<>();
    List<String> losses = new ArrayList<>();
    for (ArmReport arm : arms) {
      PathPoint place = arm.place().orElseThrow();
      gains.add(arm.name() + " " + Numbers.points(place.gain()));
      place
          .lossInterval()
          .filter(interval -> interval.low() > 0)
          .ifPresent(
              interval ->
                  losses.add(
                      arm.name()
                          + " lost "
                          + Numbers.points(place.loss())
                          + " "
                          + Numbers.points(interval)));
    }
    return result.model()
        + ", tuned on two tasks over 28,000 airports, with and without replay of text that it had"
        + " written itself. Points gained on held-out items: "
        + String.join(", ", gains)
        + ". On what it could do before, "
        + (losses.isEmpty()
            ? "no arm's net loss can be told from none."
            : String.join(", ", losses) + "; any other net loss cannot be told from none.");
  }

  private static List<Fact> cost(Tuner.Result training) {
    return List.of(
        new Fact("trained tokens", Numbers.count(training.trainedTokens())),
        new Fact("training", Numbers.duration(training.seconds())),
        new Fact("tokens a second", Numbers.fixed(training.tokensPerSecond(), 0)),
        new Fact("peak memory", Numbers.bytes(training.peakRssBytes())),
        new Fact("last step's loss", Numbers.fixed(training.trainLoss(), 3)));
  }

  private static List<Fact> time(List<DemoResult.Cost> costs) {
    double all = costs.stream().mapToDouble(DemoResult.Cost::seconds).sum();
    return costs.stream()
        .map(
            cost ->
                new Fact(
                    "time, " + cost.stage().words(),
                    Numbers.fixed(cost.seconds(), 1)
                        + " s, "
                        + Numbers.percent(cost.seconds() / all)))
        .toList();
  }

  /** Begins at the base, whose change against itself is none. */
  private static List<PathPoint> path(String start, List<DemoResult.Point> points) {
    List<PathPoint> path = new ArrayList<>();
    path.add(PathPoint.base(start));
    points.forEach(point -> PathPoint.of(point.at(), point.ledger()).ifPresent(path::add));
    return path;
  }

  private static List<ColouredText> texts(DemoResult result) {
    List<ColouredText> texts = new ArrayList<>();
    for (DemoResult.Text text : result.texts()) {
      List<ColouredText.TokenChange> tokens = new ArrayList<>();
      for (int i = 1; i < text.tokens().size(); i++) {
        tokens.add(
            new ColouredText.TokenChange(
                text.tokens().get(i), text.before().get(i - 1), text.after().get(i - 1)));
      }
      texts.add(
          new ColouredText(
              text.arm() + ", along text that the base wrote", text.tokens().getFirst(), tokens));
    }
    return texts;
  }
}
