package dev.palimpsest.measure;

import dev.palimpsest.run.BadInput;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * A judge finds the answer at least as good as the completion by a rubric, in both orders: {@code
 * {"name": "judge", "rubric": "…", "labelled": [{"answer": "…", "right": true}]}}. A judge that
 * always names one place so finds nothing right. Labelled answers are people's verdicts on other
 * answers to the item; how far the judge agrees with them is reported. Without a judge the items
 * are skipped.
 */
final class RubricMatch implements Grader {
  private final Optional<Judge> judge;
  private final String rubric;
  private final List<Labelled> labelled;
  private JudgeTally tally = JudgeTally.NONE;

  private record Labelled(String answer, boolean right) {}

  private RubricMatch(Optional<Judge> judge, String rubric, List<Labelled> labelled) {
    this.judge = judge;
    this.rubric = rubric;
    this.labelled = labelled;
  }

  static RubricMatch of(Metric metric, Optional<Judge> judge, String where) {
    metric.allow(where, "rubric", "labelled");
    String rubric =
        metric
            .text("rubric", where)
            .filter(text -> !text.isBlank())
            .orElseThrow(() -> new BadInput(where + ": metric judge: it needs a rubric"));
    List<Labelled> labelled = new ArrayList<>();
    for (JsonNode each : metric.settings().path("labelled")) {
      if (!each.path("answer").isString() || !each.path("right").isBoolean()) {
        throw new BadInput(
            where + ": metric judge: labelled: expected answer, a text, and right, true or false");
      }
      labelled.add(new Labelled(each.get("answer").asString(), each.get("right").asBoolean()));
    }
    return new RubricMatch(judge, rubric, labelled);
  }

  @Override
  public Optional<String> unavailable() {
    return judge.isPresent() ? Optional.empty() : Optional.of("no judge: name one by --judge");
  }

  @Override
  public String fingerprint() {
    return judge.map(j -> "verdict kept, " + j.key()).orElse("");
  }

  @Override
  public void check(ProbeItem.Ask item) {
    for (Labelled each : labelled) {
      Judge.Verdict verdict = verdict(item, each.answer);
      tally = tally.compared(verdict).labelled(each.right, verdict.asGood());
    }
  }

  @Override
  public Grade grade(ProbeItem.Ask item, String answer) {
    return Grade.of(verdict(item, answer));
  }

  private Judge.Verdict verdict(ProbeItem.Ask item, String answer) {
    return judge.orElseThrow().compare(item.prompt(), rubric, item.completion(), answer);
  }

  @Override
  public boolean right(String completion, String answer) {
    throw new IllegalStateException("a judge wants the item's question");
  }

  @Override
  public Optional<JudgeTally> tally() {
    return Optional.of(tally);
  }
}
