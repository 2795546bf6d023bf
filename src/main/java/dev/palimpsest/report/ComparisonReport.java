package dev.palimpsest.report;

import dev.palimpsest.compare.Comparison;
import dev.palimpsest.compare.Plan;
import dev.palimpsest.compare.Speed;
import dev.palimpsest.compare.Standing;
import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A bake-off's page. */
public final class ComparisonReport {
  private ComparisonReport() {}

  /** Writes the page. */
  public static void write(Path file, Comparison comparison) {
    ReportPage.write(file, of(comparison));
  }

  static ReportData of(Comparison comparison) {
    List<ArmReport> arms = new ArrayList<>();
    for (Comparison.Arm arm : comparison.arms()) {
      for (Comparison.Run run : arm.runs()) {
        String seed =
            run.seed().isPresent() && arm.runs().size() > 1 ? "seed " + run.seed().getAsLong() : "";
        arms.add(ArmReport.of(arm.name(), seed, run.ledger()).withCost(cost(comparison, arm, run)));
      }
    }
    return new ReportData(
        "Side by side, on the same items",
        finding(comparison),
        arms,
        List.of(),
        settings(comparison.plan()));
  }

  /** Whose change on a probe is beyond doubt, by the intervals over all seeds. */
  private static String finding(Comparison comparison) {
    List<String> beyond = new ArrayList<>();
    for (Comparison.Arm arm : comparison.arms()) {
      for (Standing standing : arm.standings()) {
        Optional<Interval> interval = standing.interval();
        if (!standing.probe().ofTexts()
            && interval.isPresent()
            && (interval.get().low() > 0 || interval.get().high() < 0)) {
          beyond.add(
              arm.name()
                  + " on "
                  + standing.probe().name()
                  + (standing.probe().kind() == ProbeKind.GAIN ? "" : " (retention)")
                  + " "
                  + Numbers.points(standing.delta())
                  + " "
                  + Numbers.points(interval));
        }
      }
    }
    String than = comparison.plan().reference();
    return (beyond.isEmpty()
            ? "No arm can be told from " + than + " on any probe"
            : "Different from " + than + " beyond doubt, in points: " + String.join("; ", beyond))
        + ". Intervals are 95 % each, not corrected for their number. No other arm is better in"
        + " gain, retention and time of an answer than: "
        + String.join(", ", comparison.front())
        + ".";
  }

  private static List<Fact> cost(Comparison comparison, Comparison.Arm arm, Comparison.Run run) {
    List<Fact> facts = new ArrayList<>();
    run.training().ifPresent(training -> training(facts, training));
    boolean elsewhere = arm.asked().change() instanceof Plan.Change.Remote;
    String unit = elsewhere ? " words and signs" : " tokens";
    run.speed().ifPresent(speed -> speed(facts, speed, unit));
    if (elsewhere && comparison.plan().price().isPresent()) {
      facts.add(new Fact("price of 1,000 answers", "the endpoint's own"));
    }
    comparison
        .cost(arm)
        .ifPresent(
            cost -> {
              facts.add(new Fact("price of training", Numbers.fixed(cost.training(), 4)));
              facts.add(new Fact("price of 1,000 answers", Numbers.fixed(cost.perThousand(), 4)));
              cost.breakEven()
                  .ifPresent(
                      answers ->
                          facts.add(
                              new Fact("paid back after", Numbers.fixed(answers, 0) + " answers")));
            });
    return facts;
  }

  private static void training(List<Fact> facts, Tuner.Result training) {
    facts.add(new Fact("trained tokens", Numbers.count(training.trainedTokens())));
    facts.add(new Fact("training", Numbers.duration(training.seconds())));
  }

  private static void speed(List<Fact> facts, Speed speed, String unit) {
    facts.add(new Fact("an answer alone", Numbers.fixed(1000 * speed.latency(), 0) + " ms"));
    facts.add(
        new Fact(
            "an answer of " + speed.prompts() + " together",
            Numbers.fixed(1000 * speed.secondsPerAnswer(), 0) + " ms"));
    facts.add(new Fact("prompt", Numbers.fixed(speed.promptTokens(), 0) + unit));
    facts.add(new Fact("answer", Numbers.fixed(speed.answerTokens(), 0) + unit));
  }

  private static List<Fact> settings(Plan plan) {
    List<Fact> facts = new ArrayList<>();
    facts.add(new Fact("model", plan.model()));
    facts.add(new Fact("reference", plan.reference()));
    facts.add(new Fact("seeds", plan.seeds().toString()));
    facts.add(new Fact("longest answer", plan.maxTokens() + " tokens"));
    facts.add(new Fact("texts for KL(base‖arm)", "" + plan.sizes().texts()));
    plan.price().ifPresent(price -> facts.add(new Fact("price of an hour", "" + price)));
    for (Plan.Arm arm : plan.arms()) {
      facts.add(new Fact("arm " + arm.name(), told(arm)));
    }
    return facts;
  }

  private static String told(Plan.Arm arm) {
    List<String> parts = new ArrayList<>();
    arm.system().ifPresent(text -> parts.add("system: " + text));
    arm.examples().ifPresent(e -> parts.add(e.told()));
    switch (arm.change()) {
      case Plan.Change.None none -> parts.add("the model as it is");
      case Plan.Change.Adapted adapted -> parts.add("adapter " + adapted.adapter());
      case Plan.Change.Remote remote -> parts.add("endpoint " + remote.endpoint());
      case Plan.Change.Tuned tuned -> parts.add("tune " + tuned.options());
    }
    return String.join("; ", parts);
  }
}
