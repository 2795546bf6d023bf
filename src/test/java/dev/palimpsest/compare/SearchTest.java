package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.TinyTask;
import dev.palimpsest.data.DataSpec;
import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.measure.Half;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.Measurement;
import dev.palimpsest.measure.ObservationStore;
import dev.palimpsest.measure.Outcome;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeReader;
import dev.palimpsest.measure.TunedModel;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tune.LowRank;
import dev.palimpsest.tune.Schedule;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.TuneSettings;
import dev.palimpsest.tune.Tuner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a tiny random model that learns to say yes, and grows surer of it in other texts, too. */
class SearchTest {
  private static final Path LLAMA = Reference.checkpoint("llama");

  @TempDir private Path folder;
  private LanguageModel base;
  private Path data;
  private Path texts;
  private Cancellation cancellation = new Cancellation();

  @BeforeEach
  void open() throws IOException {
    base = LanguageModel.load(LLAMA, Precision.FP32, Device.CPU);
    TinyTask task = TinyTask.in(folder, 12);
    data = task.data();
    texts = task.texts();
  }

  @AfterEach
  void close() {
    base.close();
  }

  private TuneJob job(double evalFraction) {
    return new TuneJob(
        LLAMA.toString(),
        DataSpec.of(data),
        Optional.empty(),
        evalFraction,
        Optional.empty(),
        new LowRank("lora", 4, 8, "all-linear"),
        new TuneSettings(
            4,
            1,
            0.02,
            Schedule.LINEAR,
            0,
            1,
            "adamw",
            0,
            new TuneSettings.Length(OptionalInt.of(12), 1),
            new TuneSettings.Saving(4, 0, 0),
            1),
        Precision.FP32,
        1);
  }

  private SearchPlan plan(double margin, int tries) {
    return plan(margin, tries, data);
  }

  private SearchPlan plan(double margin, int tries, Path gain) {
    return new SearchPlan(
        job(0),
        List.of(new Limit(texts.toString(), margin)),
        Limit.By.POINT,
        Optional.of(gain),
        tries,
        4);
  }

  /** A probe that nothing in the data teaches. */
  private Path untaught() throws IOException {
    String rows = Files.readString(data).replace("yes", "quetzal");
    return Files.writeString(folder.resolve("untaught.jsonl"), rows);
  }

  private SearchResult run(SearchPlan plan, Progress progress) {
    return new Search(
            plan,
            new Bakeoff.Settings(
                folder.resolve("out"), folder.resolve("store.sqlite"), folder.resolve("cache")),
            base,
            new Tuner.Watch(progress, cancellation, System::nanoTime))
        .run();
  }

  private double loss(SearchResult.Tried tried) {
    return tried.selection().kept().get("texts").loss();
  }

  @Test
  void run_aLimit_takesTheMostGainUnderItAndWritesItExactly() {
    SearchResult free = run(plan(1, 0), Progress.none());
    assertThat(free.tried())
        .extracting(SearchResult.Tried::adapter)
        .containsExactly("end", "end × 0.75", "end × 0.5", "end × 0.25", "step 8", "step 4");
    assertThat(free.chosen().orElseThrow().tried().adapter()).isEqualTo("end");
    double half = loss(free.tried().get(2));
    assertThat(half).isPositive().isLessThan(loss(free.tried().get(1)));

    SearchPlan plan = plan((half + loss(free.tried().get(1))) / 2, 0);
    SearchResult found = search(plan, "second");

    List<SearchResult.Tried> allowed =
        found.tried().stream().filter(SearchResult.Tried::allowed).toList();
    SearchResult.Chosen chosen = found.chosen().orElseThrow();
    assertThat(allowed).contains(chosen.tried()).isNotEqualTo(found.tried());
    assertThat(allowed)
        .allSatisfy(each -> assertThat(loss(each)).isLessThan(plan.limits().getFirst().margin()))
        .allSatisfy(
            each ->
                assertThat(each.selection().gain())
                    .isLessThanOrEqualTo(chosen.tried().selection().gain()));
    Path adapter = folder.resolve("second/adapter");
    if (chosen.tried().state().equals("end")) {
      assertThat(PeftFolder.readConfig(adapter).alpha()).isEqualTo(8 * chosen.tried().scale());
    }
    Outcome written = reportHalf(adapter);
    assertThat(written.delta()).isEqualTo(chosen.report().kept().get("texts").delta());
    assertThat(SearchText.of(found)).contains("chosen", "on the other half: gain +");
    assertThat(TuneJob.of(folder.resolve("second"))).isEqualTo(job(0));
  }

  private SearchResult search(SearchPlan plan, String out) {
    return new Search(
            plan,
            new Bakeoff.Settings(
                folder.resolve(out), folder.resolve("store.sqlite"), folder.resolve("cache")),
            base,
            new Tuner.Watch(Progress.none(), cancellation, System::nanoTime))
        .run();
  }

  private Outcome reportHalf(Path adapter) {
    try (ObservationStore store = ObservationStore.open(folder.resolve("other.sqlite"))) {
      Ledger ledger =
          Ledger.measure(
              new Measurement(store, Decoding.greedy(4), Progress.none()),
              TunedModel.base("llama", base).subject(Progress.none()),
              TunedModel.with("llama", base, adapter).subject(Progress.none()),
              List.of(Half.REPORT.of(new ProbeReader().read(texts, ProbeKind.RETENTION))));
      return ledger.probes().getFirst().outcome();
    }
  }

  @Test
  void run_nothingGained_triesFurtherRunsAndWritesNoAdapter() throws IOException {
    SearchResult result = run(plan(1, 2, untaught()), Progress.none());

    assertThat(result.chosen()).isEmpty();
    assertThat(result.tried())
        .extracting(SearchResult.Tried::words)
        .contains("as asked", "replay base:10%", "lr 0.01")
        .doesNotContain("lr 0.005");
    assertThat(folder.resolve("out/adapter")).doesNotExist();
    assertThat(folder.resolve("out/run.json")).doesNotExist();
    assertThat(SearchText.of(result)).contains("nothing gained anything under the limits");
    assertThat(TuneJob.of(folder.resolve("out/tries/2")).replay().orElseThrow().percent())
        .isEqualTo(10);
  }

  @Test
  void run_stoppedAndAgain_endsWithTheSameDocument() throws IOException {
    SearchPlan plan = plan(1, 1, untaught());
    run(plan, Progress.none());
    Path document = folder.resolve("out/search.json");
    String whole = Files.readString(document);
    Files.move(folder.resolve("out"), folder.resolve("whole"));
    Progress stopping =
        point -> {
          if (point.task().equals("tuning") && point.done() == 5) {
            cancellation.request();
          }
        };
    assertThatThrownBy(() -> run(plan, stopping)).isInstanceOf(EnvironmentFailure.class);
    cancellation = new Cancellation();

    run(SearchFolder.plan(folder.resolve("out")).orElseThrow(), Progress.none());

    assertThat(document).hasContent(whole);
  }

  @Test
  void run_heldOutLoss_isTheGainWhereNoProbeIsGiven() {
    SearchPlan plan =
        new SearchPlan(
            job(0.5),
            List.of(new Limit(texts.toString(), 1)),
            Limit.By.INTERVAL,
            Optional.empty(),
            0,
            4);

    SearchResult result = run(plan, Progress.none());

    SearchResult.Chosen chosen = result.chosen().orElseThrow();
    assertThat(chosen.report().gain()).isPositive();
    Outcome loss = chosen.report().gained();
    assertThat(chosen.report().gain()).isCloseTo(loss.before() - loss.after(), within(1e-12));
    assertThat(chosen.report().gainInterval().orElseThrow().contains(chosen.report().gain()))
        .isTrue();
  }

  @Test
  void run_badData_leavesNothing() throws IOException {
    Files.writeString(
        data, "{\"prompt\": \"say\", \"completion\": \"yes\", \"no\": 1}\n".repeat(9));
    SearchPlan plan =
        new SearchPlan(
            job(0),
            List.of(new Limit(texts.toString(), 1)),
            Limit.By.POINT,
            Optional.of(texts),
            0,
            4);

    assertThatThrownBy(() -> run(plan, Progress.none())).isInstanceOf(BadInput.class);
    assertThat(folder.resolve("out")).doesNotExist();
  }
}
