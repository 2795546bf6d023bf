package dev.palimpsest.compare;

import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.run.Json;
import dev.palimpsest.tune.Tuner;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A comparison's JSON, as docs/formats/plan.md has it. */
public final class ComparisonJson {
  private ComparisonJson() {}

  /** The document. */
  public static ObjectNode of(Comparison comparison) {
    ObjectNode document = Json.mapper().createObjectNode();
    document.put("format", "palimpsest-comparison/1");
    document.put("model", comparison.plan().model());
    document.put("reference", comparison.plan().reference());
    ArrayNode arms = document.putArray("arms");
    comparison.arms().forEach(arm -> arms.add(arm(comparison, arm)));
    comparison.front().forEach(document.putArray("pareto")::add);
    return document;
  }

  private static ObjectNode arm(Comparison comparison, Comparison.Arm arm) {
    ObjectNode node = Json.mapper().createObjectNode();
    List<Standing> standings = arm.standings();
    node.put("name", arm.name()).put("kind", arm.asked().change().word());
    ArrayNode seeds = node.putArray("seeds");
    arm.runs().forEach(run -> run.seed().ifPresent(seeds::add));
    ObjectNode metrics = node.putObject("metrics");
    ObjectNode delta = node.putObject("delta");
    ObjectNode intervals = node.putObject("ci95");
    ObjectNode lost = node.putObject("lost");
    ObjectNode won = node.putObject("won");
    ObjectNode bySeed = node.putObject("by_seed");
    ObjectNode kinds = node.putObject("probe_kinds");
    for (Standing standing : standings) {
      String name = standing.probe().name();
      metrics.put(name, standing.after());
      delta.put(name, standing.delta());
      interval(intervals, name, standing.interval());
      lost.put(name, standing.probe().ofTexts() ? null : standing.lost());
      won.put(name, standing.probe().ofTexts() ? null : standing.won());
      standing.bySeed().forEach(bySeed.putArray(name)::add);
      kinds.put(name, lower(standing.probe().kind()));
    }
    node.putNull("kl");
    arm.drift().ifPresent(drift -> node.set("kl", drift(drift)));
    speed(node, arm);
    training(node, arm);
    node.set("cost", Json.mapper().nullNode());
    comparison
        .cost(arm)
        .ifPresent(
            cost -> {
              ObjectNode money = node.putObject("cost");
              money.put("training", cost.training()).put("per_1000", cost.perThousand());
              money.put(
                  "break_even",
                  cost.breakEven().isPresent() ? cost.breakEven().getAsDouble() : null);
            });
    return node;
  }

  static ObjectNode drift(Drift drift) {
    ObjectNode node = Json.mapper().createObjectNode();
    node.put("nats_per_token", drift.kl());
    interval(node, "ci95", drift.interval());
    drift.bySeed().forEach(node.putArray("by_seed")::add);
    node.put("top_agreement", drift.topAgreement()).put("texts", drift.texts());
    node.putNull("bits_per_byte");
    drift
        .bits()
        .ifPresent(
            bits -> {
              ObjectNode told = node.putObject("bits_per_byte");
              told.put("before", bits.before()).put("after", bits.after());
              told.put("delta", bits.delta());
              interval(told, "ci95", bits.interval());
            });
    return node;
  }

  static void interval(ObjectNode node, String name, Optional<Interval> interval) {
    interval.ifPresentOrElse(
        i -> node.putArray(name).add(i.low()).add(i.high()), () -> node.putNull(name));
  }

  private static void speed(ObjectNode node, Comparison.Arm arm) {
    node.putNull("latency_ms");
    arm.speed()
        .ifPresent(
            speed -> {
              node.put("latency_ms", 1000 * speed.latency());
              node.put("seconds_per_answer", speed.secondsPerAnswer());
              node.put("prompt_tokens", speed.promptTokens());
              node.put("answer_tokens", speed.answerTokens());
            });
  }

  private static void training(ObjectNode node, Comparison.Arm arm) {
    node.put("training_seconds", arm.trainingSeconds());
    node.put(
        "trained_tokens",
        arm.runs().stream()
            .mapToLong(run -> run.training().map(Tuner.Result::trainedTokens).orElse(0L))
            .sum());
  }

  private static String lower(ProbeKind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }
}
