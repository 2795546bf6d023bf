package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.generate.Prompt;
import dev.palimpsest.measure.Divergence;
import dev.palimpsest.measure.ItemRow;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.Outcome;
import dev.palimpsest.measure.PairedCounts;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeItem;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeResult;
import dev.palimpsest.report.StudyReport;
import dev.palimpsest.run.BadInput;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is told of made-up runs, and how doses are read. */
class StudyTest {
  private static final StudyTask TASK =
      new StudyTask("task", Path.of("train.jsonl"), Path.of("gain.jsonl"), 40, 1, 8);
  private static final List<Study.Dose> DOSES =
      List.of(Study.REPLAY.dose("0"), Study.REPLAY.dose("1"), Study.REPLAY.dose("50"));

  private static StudyRun.Asked asked() {
    return new StudyRun.Asked(
        Study.REPLAY,
        "m",
        DOSES,
        List.of(TASK),
        List.of(1L, 2L),
        Map.of(),
        new StudyRun.Asked.Retention(List.of(), true),
        3);
  }

  /** A run that wins so many of ten items, and moves the distribution so far. */
  private static Comparison.Run run(long seed, int won, double kl) {
    List<ProbeItem> items = new ArrayList<>();
    List<ItemRow> rows = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      items.add(
          new ProbeItem.Choose(
              "i" + i, Optional.empty(), new Prompt.Raw("q" + i), List.of("a", "b"), 0));
      rows.add(
          new ItemRow(
              "gain",
              "i" + i,
              0,
              i < won ? 1 : 0,
              Optional.empty(),
              Optional.empty(),
              false,
              false));
    }
    ProbeResult gain =
        new ProbeResult(
            new Probe("gain", ProbeKind.GAIN, Path.of("."), items),
            List.of("choices"),
            new Outcome.Rates(new PairedCounts(0, 0, won, 10 - won)),
            Optional.empty(),
            new TreeMap<>(),
            rows);
    Divergence along =
        Divergence.of(
            "texts",
            Arrays.stream(new double[] {0.9, 1, 1.1})
                .mapToObj(each -> new Divergence.Text(10 * kl * each, 10, 20, 21, 5, 9))
                .toList());
    return new Comparison.Run(
        OptionalLong.of(seed),
        new Ledger(List.of(gain), Optional.of(along), Optional.empty()),
        Optional.empty(),
        Optional.empty());
  }

  private static StudyResult result() {
    Plan plan =
        new Plan(
            "m",
            List.of(),
            List.of(),
            true,
            List.of(1L, 2L),
            "base",
            Plan.Sizes.USUAL,
            OptionalDouble.empty(),
            List.of());
    List<Comparison.Arm> arms =
        List.of(
            arm(DOSES.get(0), run(1, 8, 0.4), run(2, 9, 0.5)), arm(DOSES.get(1), run(1, 8, 0.2)));
    return new StudyResult(asked(), Map.of(TASK, new Comparison(plan, arms)));
  }

  private static Comparison.Arm arm(Study.Dose dose, Comparison.Run... runs) {
    return new Comparison.Arm(
        new Plan.Arm(
            dose.arm(), Optional.empty(), Optional.empty(), new Plan.Change.Tuned(dose.options())),
        List.of(runs));
  }

  @Test
  void rows_sharesAreOfTheSeedsThatBothHave() {
    List<StudyResult.Row> rows = result().rows(TASK);

    assertThat(rows).hasSize(2);
    assertThat(rows.getFirst().gain().interval().orElseThrow().high()).isLessThanOrEqualTo(1);
    StudyResult.Row one = rows.get(1);
    assertThat(one.seeds()).containsExactly(1L);
    assertThat(one.replayed()).hasValue(1);
    assertThat(one.lossLeft().orElseThrow().value()).isCloseTo(0.5, within(1e-12));
    assertThat(one.gainKept().orElseThrow().value()).isCloseTo(1, within(1e-12));
    assertThat(one.gainKept().orElseThrow().interval()).isEmpty();
    assertThat(rows.getFirst().drift().orElseThrow().kl()).isCloseTo(0.45, within(1e-12));
  }

  @Test
  void missing_isNamedInTextPageAndDocument(@TempDir Path folder) {
    String last = "task, dose 50, seed 2";
    assertThat(result().missing())
        .containsExactly("task, dose 1, seed 2", "task, dose 50, seed 1", last);
    assertThat(StudyText.of(result())).contains("not done yet, 3 runs", last);
    assertThat(StudyJson.of(result()).at("/missing/2").asString()).isEqualTo(last);
    assertThat(StudyJson.of(result()).at("/tasks/0/doses/1/kl_left/value").asDouble())
        .isCloseTo(0.5, within(1e-12));
    StudyReport.write(folder.resolve("page.html"), result());
    assertThat(folder.resolve("page.html")).content().contains(last, "<svg", "KL left");
  }

  @Test
  void dose_becomesOptionsOfTune() {
    assertThat(Study.REPLAY.dose("0").options()).isEmpty();
    assertThat(Study.REPLAY.dose("5%").options()).containsEntry("replay", "base:5.0%");
    assertThat(Study.REPLAY.dose("5%").arm()).isEqualTo("replay-5");
    assertThat(Study.RANK.dose("16").options()).containsEntry("rank", "16");
    assertThat(Study.RATE.dose("1e-3").arm()).isEqualTo("rate-1e-3");
    assertThat(Study.FULL.dose("full:3e-5").options())
        .containsEntry("method", "full")
        .containsEntry("lr", "3e-5");
    assertThat(Study.FULL.dose("full:3e-5").arm()).isEqualTo("full-3e-5");
  }

  @Test
  void dose_ofAnotherKind_isRefused() {
    assertRefused(Study.REPLAY, "100");
    assertRefused(Study.REPLAY, "some");
    assertRefused(Study.RANK, "1.5");
    assertRefused(Study.RATE, "-1");
    assertRefused(Study.FULL, "dora:1e-3");
  }

  private static void assertRefused(Study study, String dose) {
    assertThatThrownBy(() -> study.dose(dose))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("dose");
  }
}
