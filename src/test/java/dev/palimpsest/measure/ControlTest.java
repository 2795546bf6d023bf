package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.Reference;
import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.Endpoint;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.generate.Prompt;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ControlTest {
  @TempDir private Path folder;

  private static Probe questions(String name, int from, int to) {
    List<ProbeItem> items =
        IntStream.range(from, to)
            .<ProbeItem>mapToObj(
                i ->
                    new ProbeItem.Ask(
                        "q" + i, Optional.empty(), Prompt.Chat.of("Q" + i), "A" + i, Metric.EXACT))
            .toList();
    return new Probe(name, ProbeKind.RETENTION, Path.of(""), items);
  }

  private static Subject right(String adapter, IntPredicate knows) {
    FakeAnswerer answerer =
        new FakeAnswerer(
            prompt -> {
              int number = Integer.parseInt(prompt.substring(1));
              return knows.test(number) ? "a" + number : "no";
            },
            text -> 0);
    return new Subject(
        new SubjectKey("w", adapter, "fp32", "t", "1"),
        () -> answerer,
        new Loops(Set.of(), ids -> new String(ids, 0, ids.length)));
  }

  private static Ledger measure(IntPredicate after, IntPredicate control, Probe... probes) {
    SequencedMap<String, Subject> controls = new LinkedHashMap<>();
    controls.put("churn", right("c", control));
    Ledger.Asked asked = new Ledger.Asked(right("", i -> i < 100), right("a", after), controls);
    try (ObservationStore store = ObservationStore.inMemory()) {
      Measurement measurement = new Measurement(store, Decoding.greedy(16), Progress.none());
      return Ledger.measure(measurement, Optional.empty(), asked, List.of(probes));
    }
  }

  /** Of 120 items 100 were right; the change loses 40 of them, the control 10, both 4. */
  @Test
  void control_isPairedWithTheBaseAndWithTheChange() {
    Ledger ledger = measure(i -> i >= 40, i -> i < 36 || i >= 46, questions("p", 0, 120));

    ControlResult.Part part = ledger.controls().getFirst().probes().getFirst();
    assertThat(part.result().outcome())
        .isEqualTo(new Outcome.Rates(new PairedCounts(90, 10, 20, 0)));
    ControlResult.Against against = part.against().orElseThrow();
    // kept by both, lost by the change alone, lost by the control alone, lost by both
    assertThat(against.outcome()).isEqualTo(new Outcome.Rates(new PairedCounts(54, 36, 6, 4)));
    assertThat(against.lostByBoth()).contains(4);
    assertThat(against.judgement().verdict()).isEqualTo(Judgement.Verdict.LOST);
  }

  @Test
  void verdict_isOfWhatWasLostAlone() {
    Probe probe = questions("p", 0, 100);
    assertThat(verdict(measure(i -> i >= 10, i -> i >= 40, probe)))
        .isEqualTo(Judgement.Verdict.KEPT);
    // as many lost, other items: churn
    assertThat(verdict(measure(i -> i >= 20, i -> i < 20 || i >= 40, probe)))
        .isEqualTo(Judgement.Verdict.UNDECIDED);
  }

  private static Judgement.Verdict verdict(Ledger ledger) {
    return ledger
        .controls()
        .getFirst()
        .probes()
        .getFirst()
        .against()
        .orElseThrow()
        .judgement()
        .verdict();
  }

  @Test
  void document_hasTheControlBesideTheChange() {
    Ledger ledger =
        measure(
            i -> i >= 40,
            i -> i < 36 || i >= 46,
            questions("never", 100, 110),
            questions("p", 0, 100));

    JsonNode control = LedgerJson.of(ledger).get("controls").get(0);
    assertThat(control.get("name").asString()).isEqualTo("churn");
    assertThat(control.get("probes").get(0).get("against").isNull()).isTrue();
    JsonNode probe = control.get("probes").get(1);
    assertThat(probe.get("name").asString()).isEqualTo("p");
    assertThat(probe.get("lost").asInt()).isEqualTo(10);
    assertThat(probe.get("lost_items")).hasSize(10);
    JsonNode against = probe.get("against");
    assertThat(against.get("n").asInt()).isEqualTo(100);
    assertThat(against.get("before").asDouble()).isEqualTo(0.9);
    assertThat(against.get("after").asDouble()).isEqualTo(0.6);
    assertThat(against.get("lost_by_both").asInt()).isEqualTo(4);
    assertThat(against.get("mcnemar_p").asDouble())
        .isEqualTo(new PairedCounts(54, 36, 6, 4).mcnemarP());
    assertThat(against.get("verdict").asString()).isEqualTo("lost_more");
    assertThat(LedgerText.of(ledger))
        .contains(
            "control churn",
            "of 100 right before the change alone lost 36, the control alone 6, both 4",
            "the change lost more");
  }

  @Test
  void randomControl_isAnotherModelOfTheSameNormEachSeed_andTheSameAgain() {
    String model = Reference.checkpoint("llama").toString();
    Side base = new Side(model, Optional.empty());
    Side tuned = new Side(model, Optional.of(Reference.adapter("plain")));
    List<Control> controls =
        List.of(new Control.Random(1), new Control.Random(2), new Control.Other(base));
    Probe text =
        new Probe(
            "text",
            ProbeKind.RETENTION,
            Path.of(""),
            List.of(new ProbeItem.Read("1", Optional.empty(), "some words of a text")));
    LedgerJob job = new LedgerJob(List.of(text), 16, 0, 8, 0);
    Sides sides = new Sides(base, tuned, controls);

    List<ControlResult> found =
        job.measure(sides, models(), folder.resolve("a.sqlite"), Progress.none()).controls();
    double before = bits(found.get(2));

    assertThat(found)
        .extracting(ControlResult::name)
        .containsExactly("random:1", "random:2", model);
    assertThat(List.of(before, bits(found.get(0)), bits(found.get(1)))).doesNotHaveDuplicates();
    assertThat(job.measure(sides, models(), folder.resolve("b.sqlite"), Progress.none()).controls())
        .isEqualTo(found);
  }

  private static double bits(ControlResult control) {
    return control.probes().getFirst().result().outcome().after();
  }

  private static LedgerJob.Models models() {
    return new LedgerJob.Models(
        name -> LanguageModel.load(Path.of(name), Precision.FP32, Device.best()),
        TunedModel::withForeign,
        ControlTest::none,
        Optional.empty());
  }

  private static RemoteSubject none(Endpoint endpoint, ObservationStore store) {
    throw new AssertionError(endpoint + " " + store);
  }
}
