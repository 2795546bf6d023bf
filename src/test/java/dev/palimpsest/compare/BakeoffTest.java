package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.Reference;
import dev.palimpsest.generate.FakeEndpoint;
import dev.palimpsest.generate.Shots;
import dev.palimpsest.measure.Interval;
import dev.palimpsest.report.ComparisonReport;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tune.Tuner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a tiny random model, which learns to say one thing and forgets what it would have said. */
class BakeoffTest {
  private static final Path LLAMA = Reference.checkpoint("llama");

  @TempDir private Path folder;
  private Path data;
  private final Cancellation cancellation = new Cancellation();

  @BeforeEach
  void writeData() throws IOException {
    data = folder.resolve("data.jsonl");
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 12; i++) {
      rows.append("{\"prompt\": \"say %d\", \"completion\": \"yes\"}\n".formatted(i));
    }
    Files.writeString(data, rows);
  }

  private Plan plan(List<Long> seeds, Plan.Arm... arms) {
    return new Plan(
        LLAMA.toString(),
        List.of(data),
        List.of(),
        false,
        seeds,
        "base",
        new Plan.Sizes(4, 6, 16),
        OptionalDouble.of(3600),
        List.of(arms));
  }

  private static Plan.Arm base() {
    return new Plan.Arm("base", Optional.empty(), Optional.empty(), new Plan.Change.None());
  }

  private Plan.Arm shots() {
    return new Plan.Arm(
        "shots",
        Optional.empty(),
        Optional.of(new Shots(data, OptionalInt.of(2))),
        new Plan.Change.None());
  }

  private static Plan.Arm tuned(String name, Map<String, String> options) {
    return new Plan.Arm(name, Optional.empty(), Optional.empty(), new Plan.Change.Tuned(options));
  }

  private Comparison run(Plan plan) {
    return run(plan, Progress.none());
  }

  private Comparison run(Plan plan, Progress progress) {
    return bakeoff(plan, new Tuner.Watch(progress, cancellation, ticking())).run();
  }

  /** A clock on which every arm takes as long over an answer. */
  private static LongSupplier ticking() {
    return new AtomicLong()::incrementAndGet;
  }

  private Bakeoff bakeoff(Plan plan, Tuner.Watch watch) {
    return new Bakeoff(
        plan,
        new Bakeoff.Settings(
            folder.resolve("out"), folder.resolve("store.sqlite"), folder.resolve("cache")),
        new TinyModels(Map.of("data", data.toString())),
        watch);
  }

  @Test
  void run_endpoint_isAskedWhatItCanAnswer() throws IOException {
    Path choices = folder.resolve("choices.jsonl");
    Files.writeString(
        choices, "{\"prompt\": \"say\", \"choices\": [\"yes\", \"no\"], \"answer\": 0}\n");
    try (FakeEndpoint server = new FakeEndpoint(_ -> FakeEndpoint.chat("yes", "stop"))) {
      Plan.Arm api =
          new Plan.Arm(
              "api",
              Optional.of("Be brief."),
              Optional.empty(),
              new Plan.Change.Remote(server.endpoint()));
      Plan asked = plan(List.of(1L), base(), api);
      Comparison comparison =
          run(
              new Plan(
                  asked.model(),
                  asked.gain(),
                  List.of(choices),
                  false,
                  asked.seeds(),
                  "base",
                  asked.sizes(),
                  asked.price(),
                  asked.arms()));

      Comparison.Arm arm = comparison.arms().get(1);
      assertThat(arm.standings()).hasSize(1);
      assertThat(arm.standings().getFirst().won()).isEqualTo(12);
      assertThat(arm.speed().orElseThrow().answerTokens()).isEqualTo(1);
      assertThat(comparison.cost(arm)).isEmpty();
      assertThat(comparison.front()).containsExactly("base");
      assertThat(server.requests.getFirst().body().toString()).contains("Be brief.");
      assertThat(ComparisonText.of(comparison)).contains("api              an endpoint tells no");
      Path page = folder.resolve("report.html");
      ComparisonReport.write(page, comparison);
      assertThat(page).content().contains("endpoint " + server.endpoint());
    }
  }

  @Test
  void run_armsOverSeeds_areToldAgainstTheReference() {
    Comparison comparison =
        run(
            plan(
                List.of(1L, 2L),
                base(),
                shots(),
                tuned("lora", Map.of()),
                tuned("replay", Map.of("replay", "50")),
                tuned("full", Map.of("method", "full", "lr", "0.003"))));

    Standing base = comparison.arms().get(0).standings().getFirst();
    Standing shots = comparison.arms().get(1).standings().getFirst();
    Standing lora = comparison.arms().get(2).standings().getFirst();
    Standing full = comparison.arms().get(4).standings().getFirst();
    assertThat(base.delta()).isZero();
    assertThat(base.after()).isZero();
    assertThat(lora.after()).isGreaterThan(0.9);
    assertThat(lora.delta()).isEqualTo(lora.after());
    assertThat(lora.won()).isEqualTo(12 * lora.after());
    assertThat(lora.bySeed()).hasSize(2);
    Interval interval = lora.interval().orElseThrow(); // two seeds say little of a third
    assertThat(interval.method()).isEqualTo(Interval.Method.CROSSED);
    assertThat(interval.contains(lora.delta())).isTrue();
    assertThat(full.after()).isGreaterThan(0.5);
    assertThat(shots.bySeed()).hasSize(1);
    assertThat(promptTokens(comparison, 1)).isGreaterThan(2 * promptTokens(comparison, 0));
    assertThat(folder.resolve("out/runs/lora-seed2/adapter")).isDirectory();
    assertThat(folder.resolve("out/runs/full-seed1/model")).isDirectory();
    assertThat(comparison.cost(comparison.arms().get(2)).orElseThrow().training()).isPositive();
    assertThat(comparison.front()).isNotEmpty().doesNotContain("base", "shots");

    Drift drift = comparison.arms().get(2).drift().orElseThrow();
    assertThat(drift.bySeed()).hasSize(2).allMatch(kl -> kl > 0);
    assertThat(drift.interval().orElseThrow().contains(drift.kl())).isTrue();
    assertThat(drift.topAgreement()).isBetween(0.0, 1.0);
    assertThat(comparison.arms().get(4).drift()).isPresent();
    assertThat(comparison.arms().getFirst().drift()).isEmpty();
    assertThat(comparison.arms().get(1).drift()).isEmpty();

    Path page = folder.resolve("report.html");
    ComparisonReport.write(page, comparison);
    assertThat(page).content().contains("lora · seed 1", "lora · seed 2", "2 examples of");
    assertThat(ComparisonText.of(comparison)).contains("data, gain, 12 items, Δ against base");
    assertThat(ComparisonJson.of(comparison).at("/arms/2/metrics/data").asDouble())
        .isEqualTo(lora.after());
    assertThat(ComparisonJson.of(comparison).at("/arms/0/kl").isNull()).isTrue();
    assertThat(ComparisonJson.of(comparison).at("/arms/2/kl/nats_per_token").asDouble())
        .isEqualTo(drift.kl());
    assertThat(ComparisonText.of(comparison)).contains("KL(base‖arm)");
  }

  @Test
  void run_overSeeds_doesEveryArmOnceFirst() {
    List<String> done = new ArrayList<>();
    Plan plan =
        plan(List.of(1L, 2L), base(), tuned("lora", Map.of()), tuned("slow", Map.of("lr", "1e-9")));
    bakeoff(plan, new Tuner.Watch(Progress.none(), cancellation, ticking()))
        .run(
            soFar ->
                done.add(
                    soFar.arms().stream()
                        .map(arm -> arm.name() + arm.runs().size())
                        .collect(Collectors.joining(" "))));

    assertThat(done)
        .containsExactly(
            "base1", "base1 lora1", "base1 lora1 slow1", "base1 lora2 slow1", "base1 lora2 slow2");
  }

  private static double promptTokens(Comparison comparison, int arm) {
    return comparison.arms().get(arm).speed().orElseThrow().promptTokens();
  }

  @Test
  void run_again_takesWhatIsDone() throws IOException {
    Plan plan = plan(List.of(1L), base(), tuned("lora", Map.of("replay", "50")));
    Comparison first = run(plan);
    Path weights = folder.resolve("out/runs/lora-seed1/adapter/adapter_model.safetensors");
    FileTime written = Files.getLastModifiedTime(weights);

    List<String> tasks = new ArrayList<>(); // what is known already is told as done at once
    Comparison second =
        run(
            plan,
            point -> {
              if (point.done() < point.total()) {
                tasks.add(point.task());
              }
            });

    assertThat(Files.getLastModifiedTime(weights)).isEqualTo(written);
    assertThat(second.arms().get(1).standings()).isEqualTo(first.arms().get(1).standings());
    assertThat(second.arms().get(1).drift()).isEqualTo(first.arms().get(1).drift());
    assertThat(tasks).containsOnly("base", "lora-seed1");
  }

  @Test
  void run_ofAnotherPlan_isRefused() {
    run(plan(List.of(1L), base(), tuned("lora", Map.of())));

    assertThatThrownBy(() -> run(plan(List.of(1L), base(), tuned("lora", Map.of("lr", "0.001")))))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("of another plan");
  }

  @Test
  void run_stoppedInTraining_goesOnToTheSameWeights() throws IOException {
    Plan plan = plan(List.of(1L), base(), tuned("lora", Map.of()));
    Progress stopping =
        point -> {
          if (point.task().equals("tuning") && point.done() == 5) {
            cancellation.request();
          }
        };
    assertThatThrownBy(() -> run(plan, stopping))
        .isInstanceOf(EnvironmentFailure.class)
        .hasMessageContaining("goes on");

    Path weights = Path.of("runs/lora-seed1/adapter/adapter_model.safetensors");
    Comparison whole = resumed(plan);
    assertThat(whole.arms().get(1).runs().getFirst().training().orElseThrow().steps())
        .isEqualTo(12);
    Path cut = folder.resolve("cut-out");
    Files.move(folder.resolve("out"), cut);
    resumed(plan);
    assertThat(cut.resolve(weights)).hasSameBinaryContentAs(folder.resolve("out").resolve(weights));
  }

  private Comparison resumed(Plan plan) {
    return bakeoff(plan, new Tuner.Watch(Progress.none(), new Cancellation(), ticking())).run();
  }

  @Test
  void run_moreShotsThanRows_isRefusedBeforeAModelIsLoaded() {
    Plan.Arm many =
        new Plan.Arm(
            "many",
            Optional.empty(),
            Optional.of(new Shots(data, OptionalInt.of(13))),
            new Plan.Change.None());
    assertThatThrownBy(() -> run(plan(List.of(1L), base(), many)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("13 examples of")
        .hasMessageContaining("12 rows");
  }

  @Test
  void dominates_asGoodAndBetterInOne() {
    assertThat(Comparison.dominates(new double[] {1, 2, 3}, new double[] {1, 2, 2})).isTrue();
    assertThat(Comparison.dominates(new double[] {1, 2, 3}, new double[] {1, 2, 3})).isFalse();
    assertThat(Comparison.dominates(new double[] {2, 1, 3}, new double[] {1, 2, 3})).isFalse();
  }
}
