package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Dataset;
import dev.palimpsest.data.Encoder;
import dev.palimpsest.data.Example;
import dev.palimpsest.data.Source;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.model.TrainedDecoder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What the loop keeps, and what it leaves when it goes wrong. */
class TunerTest {
  private static final Path LLAMA = Path.of("src/test/resources/checkpoints/llama");
  private static final String WEIGHTS = "adapter/adapter_model.safetensors";

  @TempDir private Path folder;
  private LanguageModel model;
  private Path data;
  private Path heldOut;

  @BeforeEach
  void load() throws IOException {
    model = LanguageModel.load(LLAMA, Precision.FP32, Device.best());
    data = folder.resolve("data.jsonl");
    Files.writeString(
        data, "{\"text\": \"The old text still shows, here and there.\"}\n".repeat(8));
    heldOut = folder.resolve("held-out.jsonl");
    Files.writeString(heldOut, "{\"text\": \"The old text is gone; nobody reads it now.\"}\n");
  }

  @AfterEach
  void close() {
    model.close();
  }

  private TuneJob job(double rate, int steps, TuneSettings.Saving saving) {
    return new TuneJob(
        "llama",
        DataSpec.of(data),
        Optional.of(heldOut),
        0,
        Optional.empty(),
        new LowRank("lora", 4, 8, "all-linear"),
        settings(rate, steps, saving),
        Precision.FP32,
        1);
  }

  private static TuneSettings settings(double rate, int steps, TuneSettings.Saving saving) {
    return new TuneSettings(
        2,
        1,
        rate,
        Schedule.CONSTANT,
        0,
        1,
        "adamw",
        0,
        new TuneSettings.Length(OptionalInt.of(steps), 1),
        saving,
        1);
  }

  private static Tuner.Watch watch() {
    return new Tuner.Watch(Progress.none(), new Cancellation(), () -> 0);
  }

  /** Stops after some steps of this process. */
  private static Tuner.Watch stopAt(long step) {
    Cancellation cancellation = new Cancellation();
    Progress progress =
        point -> {
          if (point.done() == step) {
            cancellation.request();
          }
        };
    return new Tuner.Watch(progress, cancellation, () -> 0);
  }

  @Test
  void keepBest_writesTheStepWithTheLowestHeldOutLoss() {
    Path run = folder.resolve("run");
    TuneJob job = job(1e-2, 30, new TuneSettings.Saving(3, 1, 2, TuneSettings.Outcome.BEST));
    Tuner.Result result = job.run(model, run, watch());

    long best = 0;
    double lowest = Double.POSITIVE_INFINITY;
    for (JsonNode line : RunFolder.metrics(run)) {
      if (line.has("eval_loss") && line.get("eval_loss").asDouble() < lowest) {
        lowest = line.get("eval_loss").asDouble();
        best = line.get("step").asLong();
      }
    }
    assertThat(best).isBetween(2L, 28L); // else the test shows nothing
    assertThat(result.bestStep()).hasValue(best);
    assertThat(result.bestEvalLoss()).hasValue(lowest);
    assertThat(result.evalLoss().getAsDouble()).isGreaterThan(lowest);
    assertThat(Checkpoints.steps(run)).containsExactly(best, 30L);
    Path alone = folder.resolve("alone");
    job(1e-2, Math.toIntExact(best), new TuneSettings.Saving(0, 0, 0)).run(model, alone, watch());
    assertThat(run.resolve(WEIGHTS)).hasSameBinaryContentAs(alone.resolve(WEIGHTS));
  }

  @Test
  void keepBest_stoppedPastTheBestStep_isKeptByAResume() {
    TuneJob job = job(1e-2, 30, new TuneSettings.Saving(0, 1, 2, TuneSettings.Outcome.BEST));
    Tuner.Result whole = job.run(model, folder.resolve("whole"), watch());
    Path cut = folder.resolve("cut");

    Tuner.Result stopped = job.run(model, cut, stopAt(29));
    Tuner.Result resumed = job.resume(model, cut, watch());

    assertThat(stopped.finished()).isFalse();
    assertThat(stopped.bestStep()).isEqualTo(whole.bestStep());
    assertThat(resumed.bestStep()).isEqualTo(whole.bestStep());
    assertThat(resumed.bestEvalLoss()).isEqualTo(whole.bestEvalLoss());
    assertThat(cut.resolve(WEIGHTS)).hasSameBinaryContentAs(folder.resolve("whole/" + WEIGHTS));
  }

  private TuneJob pretraining(int maxLength, Encoder.Overlong overlong) throws IOException {
    return pretraining(maxLength, overlong, "all-linear");
  }

  private TuneJob pretraining(int maxLength, Encoder.Overlong overlong, String targets)
      throws IOException {
    String text = "The old text still shows, here and there. ";
    Files.writeString(
        data,
        """
        {"text": "%s"}
        {"text": "A short one."}
        {"text": "%s"}
        """
            .formatted(text.repeat(9), text.repeat(3)));
    DataSpec spec =
        new DataSpec(
            data,
            List.of(),
            List.of(),
            Optional.empty(),
            Encoder.Form.TEMPLATE,
            maxLength,
            overlong);
    TuneSettings base = settings(1e-2, 1, new TuneSettings.Saving(0, 0, 0));
    return new TuneJob(
        "llama",
        spec,
        Optional.empty(),
        0,
        Optional.empty(),
        new LowRank("lora", 4, 8, targets),
        new TuneSettings(
            2,
            1,
            base.rate(),
            base.schedule(),
            0,
            1,
            "adamw",
            0,
            new TuneSettings.Length(OptionalInt.empty(), 2),
            base.saving(),
            1),
        Precision.FP32,
        1);
  }

  @Test
  void resume_ofFactorsOnEmbeddingAndHead_givesTheSameBits() throws IOException {
    TuneJob job = pretraining(16, Encoder.Overlong.REFUSE, "q_proj,embed_tokens,lm_head");
    job.run(model, folder.resolve("whole"), watch());
    Path cut = folder.resolve("cut");
    job.run(model, cut, stopAt(3));
    job.resume(model, cut, watch());

    assertThat(cut.resolve(WEIGHTS)).hasSameBinaryContentAs(folder.resolve("whole/" + WEIGHTS));
  }

  @Test
  void texts_longerThanTheWindow_areLearnedWholeAndResumedToTheSameBits() throws IOException {
    TuneJob job = pretraining(16, Encoder.Overlong.REFUSE);
    Tuner.Result whole = job.run(model, folder.resolve("whole"), watch());
    Path cut = folder.resolve("cut");
    job.run(model, cut, stopAt(3));
    job.resume(model, cut, watch());

    long labels = 0;
    try (Dataset rows = job.data().rows()) {
      Encoder encoder = model.encoder(Encoder.Options.upTo(1000));
      for (int i = 0; i < rows.size(); i++) {
        labels += encoder.example(rows.sample(i)).labels();
      }
    }
    assertThat(whole.labelTokens()).as("two epochs").isEqualTo(2 * labels);
    assertThat(cut.resolve(WEIGHTS)).hasSameBinaryContentAs(folder.resolve("whole/" + WEIGHTS));
    Estimate estimate = job.estimate(model, watch());
    assertThat(estimate.trainedTokens()).isEqualTo(whole.trainedTokens());
    assertThat(estimate.labelTokens()).isEqualTo(whole.labelTokens());
    assertThat(RunFolder.about(cut).get("window").asInt()).isEqualTo(16);
  }

  @Test
  void texts_withTruncateOrAWindowBeyondTheContext_areRefused() throws IOException {
    Path run = folder.resolve("run");
    TuneJob truncated = pretraining(16, Encoder.Overlong.TRUNCATE);
    assertThatThrownBy(() -> truncated.run(model, run, watch()))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("joined and cut");
    TuneJob wide = pretraining(1 << 20, Encoder.Overlong.REFUSE);
    assertThatThrownBy(() -> wide.run(model, run, watch()))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--max-length 1048576");
    assertThat(run).doesNotExist();
  }

  @Test
  void keepBest_withoutHeldOutLosses_isRefused() {
    assertThatThrownBy(
            () -> job(1e-2, 4, new TuneSettings.Saving(0, 0, 0, TuneSettings.Outcome.BEST)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--eval-every");
  }

  @Test
  void train_explodingRate_namesStepSamplesAndTheLastGoodCheckpoint() {
    TuneSettings.Saving saving = new TuneSettings.Saving(1, 1, 0);
    Method.Start start = new LowRank("lora", 4, 8, "all-linear").over(model, "llama");
    Source source = Source.of(examples());
    Tuner calm = new Tuner(settings(1e-2, 40, saving), start, watch());
    Tuner wild = new Tuner(settings(30, 80, saving), start, watch());
    Path path = folder.resolve("run");
    try (RunFolder run = RunFolder.create(path, Map.of())) {
      calm.train(source, List.of(), run);
      assertThatThrownBy(() -> wild.train(source, List.of(), run))
          .isInstanceOf(Diverged.class)
          .hasMessageMatching("step \\d+: the loss is .* samples: [abc](, [abc])?; .*")
          .hasMessageContaining("lower --lr than 30.0, or try again by --resume " + path);
    }

    List<Double> losses =
        RunFolder.metrics(path).stream().map(line -> line.get("loss").asDouble()).toList();
    int spike = losses.size() - Tally.EXPLODED;
    double usual = usual(losses.subList(0, spike));
    assertThat(losses.subList(spike, losses.size())).allMatch(l -> l > usual + Tally.MARGIN);
    assertThat(Checkpoints.steps(path)).containsExactly(spike - 1L);
    try (RunFolder run = RunFolder.open(path)) { // from there, to the same end
      assertThatThrownBy(() -> wild.train(source, List.of(), run))
          .isInstanceOf(Diverged.class)
          .hasMessageStartingWith("step " + losses.size() + ": ")
          .hasMessageContaining(
              "last good checkpoint: "
                  + path.resolve("checkpoints/step-%08d".formatted(spike - 1))
                  + ";");
    }
  }

  private static double usual(List<Double> losses) {
    double usual = losses.getFirst();
    for (double loss : losses.subList(1, losses.size())) {
      assertThat(loss).isLessThan(usual + Tally.MARGIN);
      usual += 0.1 * (loss - usual);
    }
    return usual;
  }

  @Test
  void train_transientNan_isRetriedFromTheStepBefore() {
    Source source = Source.of(examples());
    TuneSettings settings = settings(1e-2, 9, new TuneSettings.Saving(0, 0, 0));
    Method.Start start = new LowRank("lora", 4, 8, "all-linear").over(model, "llama");
    Path whole = folder.resolve("whole");
    Path cut = folder.resolve("cut");
    try (RunFolder run = RunFolder.create(whole, Map.of())) {
      new Tuner(settings, start, watch()).train(source, List.of(), run);
    }

    try (RunFolder run = RunFolder.create(cut, Map.of())) {
      Tuner struck = new Tuner(settings, seeds -> new Struck(start.begin(seeds), 6), watch());
      assertThatThrownBy(() -> struck.train(source, List.of(), run))
          .isInstanceOf(Diverged.class)
          .hasMessageContaining("step 6: the loss is NaN")
          .hasMessageContaining(
              "last good checkpoint: " + cut.resolve("checkpoints/step-00000005") + ";");
    }
    try (RunFolder run = RunFolder.open(cut)) {
      new Tuner(settings, start, watch()).train(source, List.of(), run);
    }

    assertThat(cut.resolve(WEIGHTS)).hasSameBinaryContentAs(whole.resolve(WEIGHTS));
  }

  @Test
  void train_nanAtTheFirstStep_hasNoCheckpoint() {
    TuneSettings settings = settings(1e-2, 9, new TuneSettings.Saving(0, 0, 0));
    Method.Start start = new LowRank("lora", 4, 8, "all-linear").over(model, "llama");
    try (RunFolder run = RunFolder.create(folder.resolve("run"), Map.of())) {
      Tuner struck = new Tuner(settings, seeds -> new Struck(start.begin(seeds), 1), watch());
      assertThatThrownBy(() -> struck.train(Source.of(examples()), List.of(), run))
          .hasMessageContaining("last good checkpoint: none;")
          .hasMessageEndingWith("(from the start)");
    }
  }

  private static List<Example> examples() {
    return List.of(
        new Example("a", new int[] {5, 6, 7, 8}, new boolean[] {false, true, true, true}),
        new Example("b", new int[] {9, 6, 3, 8}, new boolean[] {false, true, true, true}),
        new Example("c", new int[] {1, 2, 7, 4}, new boolean[] {false, true, true, true}));
  }

  /** A memory cell fails: at one pass the hidden states are no numbers. */
  private record StruckDecoder(TrainedDecoder real, AtomicInteger until) implements TrainedDecoder {
    @Override
    public Pass forward(Ragged documents, int[] rows) {
      Pass whole = real.forward(documents, rows);
      if (until.decrementAndGet() == 0) {
        whole.hidden().timesInPlace(Double.NaN);
      }
      return whole;
    }

    @Override
    public Decoder decoder() {
      return real.decoder();
    }

    @Override
    public void refresh() {
      real.refresh();
    }

    @Override
    public void close() {
      real.close();
    }
  }

  private record Struck(Trained real, TrainedDecoder decoder) implements Trained {
    Struck(Trained real, int at) {
      this(real, new StruckDecoder(real.decoder(), new AtomicInteger(at)));
    }

    @Override
    public Tensor parameters() {
      return real.parameters();
    }

    @Override
    public Tensor gradient() {
      return real.gradient();
    }

    @Override
    public AdaptedDecoder current() {
      return real.current();
    }

    @Override
    public String outcome() {
      return real.outcome();
    }

    @Override
    public void write(Path folder) {
      real.write(folder);
    }

    @Override
    public void close() {
      real.close();
    }
  }
}
