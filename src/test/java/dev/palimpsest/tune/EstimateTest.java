package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Example;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.PrimitiveIterator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EstimateTest {
  private static final Path LLAMA = Path.of("src/test/resources/checkpoints/llama");

  @TempDir private Path folder;
  private LanguageModel model;

  @BeforeEach
  void load() {
    model = LanguageModel.load(LLAMA, Precision.FP32, Device.CPU);
  }

  @AfterEach
  void close() {
    model.close();
  }

  /** 13 rows in batches of 4, a third of the items replayed, for two and a half epochs. */
  private TuneJob job() throws IOException {
    Path old = folder.resolve("old.jsonl");
    Files.writeString(
        old,
        IntStream.range(0, 9)
            .mapToObj(i -> "{\"text\": \"%s\"}\n".formatted("old text ".repeat(i + 1)))
            .collect(Collectors.joining()));
    return new TuneJob(
        "llama",
        DataSpec.of(rows("data.jsonl", 13)),
        Optional.of(rows("eval.jsonl", 3)),
        0,
        Optional.of(new TuneJob.Replay(old, 30)),
        new LowRank("lora", 4, 8, "all-linear"),
        new TuneSettings(
            4,
            1,
            1e-3,
            Schedule.LINEAR,
            0,
            1,
            "adamw",
            0,
            new TuneSettings.Length(OptionalInt.of(12), 1),
            new TuneSettings.Saving(0, 0, 0),
            3),
        Precision.FP32,
        1);
  }

  private Path rows(String name, int count) throws IOException {
    return Files.writeString(
        folder.resolve(name),
        IntStream.range(0, count)
            .mapToObj(
                i ->
                    "{\"prompt\": \"What?\", \"completion\": \"%s\"}\n"
                        .formatted("The old text shows. ".repeat(i + 1)))
            .collect(Collectors.joining()));
  }

  private static Tuner.Watch watch() {
    return new Tuner.Watch(Progress.none(), new Cancellation(), System::nanoTime);
  }

  @Test
  void estimate_countsTheTokensOfTheRun_andWritesNothing() throws IOException {
    TuneJob job = job();
    List<Path> before = files();

    Estimate estimate = job.estimate(model, watch());

    assertThat(files()).isEqualTo(before);
    Tuner.Result run = job.run(model, folder.resolve("run"), watch());
    assertThat(estimate.steps()).isEqualTo(run.steps());
    assertThat(estimate.trainedTokens()).isEqualTo(run.trainedTokens());
    assertThat(estimate.labelTokens()).isEqualTo(run.labelTokens());
    assertThat(estimate.epochs()).isCloseTo(12 / 5.0, within(1e-9)); // 13 + 6 items, by four
    assertThat(estimate.seconds()).isPositive();
    assertThat(estimate.peakBytes()).isPositive();
    assertThat(run.gemmPeakShare().getAsDouble()).isGreaterThan(0).isLessThan(1);
  }

  /** The two steps that are not timed take 20 seconds, those that are timed one each. */
  @Test
  void estimate_slowFirstSteps_areAddedOnce() throws IOException {
    PrimitiveIterator.OfLong clock =
        LongStream.of(0, 20, 20, 21, 21, 22, 22, 23).map(s -> s * 1_000_000_000).iterator();

    Estimate estimate =
        job()
            .estimate(model, new Tuner.Watch(Progress.none(), new Cancellation(), clock::nextLong));

    Estimate.Probe probe = estimate.probe();
    assertThat(probe.seconds()).isEqualTo(3);
    assertThat(probe.warmUpSeconds()).isGreaterThan(15).isLessThan(20);
    double steps = estimate.flops() * probe.secondsAnOperation();
    assertThat(estimate.seconds() - probe.warmUpSeconds()).isBetween(steps, 1.2 * steps);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.sorted().toList();
    }
  }

  /** Each product of a block comes three times: forward, back to its input, back to its weights. */
  @Test
  void flops_ofAModelsOwnWeights_areThreeTimesTheBlocks() {
    boolean[] label = {false, true, true};
    try (Trained trained =
        new Full(Full.FULL, Selection.ALL).over(model, "llama").begin(new Seeds(1))) {
      Flops flops = Flops.of(trained);
      Flops.Work work = flops.work(List.of(new Example("a", new int[3], label)));

      double head =
          2.0 * 2 * model.decoder().config().width() * model.decoder().config().vocabulary();
      double blocks = flops.forward(work) - head;
      assertThat(flops.forwardAndBackward(work)).isCloseTo(3 * blocks + 2 * head, within(1.0));
    }
  }

  /** Against the products of one document, counted one by one. */
  @Test
  void flops_ofADocument_areThoseOfItsProducts() {
    ModelConfig c = model.decoder().config();
    int n = 7;
    boolean[] label = {false, false, false, false, false, true, true};
    Flops flops = new Flops(c, 512, 1000, 0);
    Flops.Work work = flops.work(List.of(new Example("a", new int[n], label)));

    long queries = (long) c.heads() * c.headWidth();
    long keys = (long) c.keyValueHeads() * c.headWidth();
    double products = 0;
    double attention = 0;
    for (int layer = 0; layer < c.layers(); layer++) {
      products += 2.0 * n * c.width() * (queries + 2 * keys);
      products += 2.0 * n * queries * c.width();
      products += 2.0 * n * c.width() * c.feedForward() * 3;
      for (int row = 1; row <= n; row++) { // scores and values over the keys that a row sees
        attention += 2 * (2.0 * queries * row);
      }
    }
    double head = 2.0 * 2 * c.width() * c.vocabulary();
    double adapter = 2.0 * 1000 * n;
    double forward = products + attention + head + adapter;
    assertThat(flops.forward(work)).isCloseTo(forward, within(1.0));
    assertThat(flops.forwardAndBackward(work))
        .isCloseTo(forward + products + 2 * attention + head + 2 * adapter, within(1.0));
  }
}
