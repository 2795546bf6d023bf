package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.palimpsest.Reference;
import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Example;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.generate.Scorer;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.PromptAdapter;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Training of soft prompts and prefixes against PEFT and PyTorch (reference/prompts.py). */
class PromptTrainingTest {
  private static final JsonNode PROMPTS = Reference.json("prompts");
  private static final int STEPS = 10;

  @TempDir private Path folder;

  @ParameterizedTest
  @MethodSource("dev.palimpsest.PromptCases#names")
  void backward_ofAllDocumentsInOnePass_givesPeftsLossAndGradient(String name) {
    JsonNode expected = Reference.named(PROMPTS.get("cases"), name);
    List<Example> examples = TrainingReferenceTest.examples(expected.get("documents"));
    long labels = examples.stream().mapToLong(Example::labels).sum();
    try (Scope _ = Scope.open();
        Decoder decoder = decoder(expected);
        TrainedPrompt trained = trained(name, decoder)) {
      double sum = new CrossEntropy().backward(trained.decoder(), examples, 1.0 / labels);

      assertThat(sum / labels).isCloseTo(expected.get("loss").asDouble(), within(1e-5));
      JsonNode gradient = expected.get("gradient");
      float error = (float) (1e-4 * gradient.get("norm").asDouble());
      assertThat(trained.gradient().floats())
          .containsExactly(Reference.floats(gradient.get("values")), within(error));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"prompt", "prefix"})
  void step_tenTimes_isPyTorch(String name) {
    JsonNode reference = Reference.named(PROMPTS.get("cases"), name);
    JsonNode expected = reference.get("adamw");
    List<Example> examples = TrainingReferenceTest.examples(reference.get("documents"));
    try (Scope _ = Scope.open();
        Decoder decoder = decoder(reference);
        TrainedPrompt trained = trained(name, decoder);
        Training training =
            new Training(
                settings(expected.get("rate").asDouble(), STEPS, 0),
                new CrossEntropy(),
                trained,
                new Training.Extent(STEPS, 40))) {
      for (int step = 0; step < STEPS; step++) {
        Training.StepResult result = training.step(step, examples);

        assertThat(result.loss())
            .isCloseTo(expected.get("losses").get(step).asDouble(), within(1e-5));
        assertThat(result.norm())
            .isCloseTo(expected.get("gradient_norms").get(step).asDouble(), withinPercentage(0.05));
        assertThat(result.rate())
            .isCloseTo(expected.get("rates").get(step).asDouble(), within(1e-9));
      }
      assertThat(trained.parameters().floats())
          .containsExactly(Reference.floats(expected.get("final")), within(1e-4f));
    }
  }

  @Test
  void begin_softPromptOfAText_isPefts() {
    try (LanguageModel model = model("llama")) {
      for (JsonNode expected : PROMPTS.get("begun")) {
        int tokens = expected.get("tokens").asInt();
        Optional<String> text = Optional.of(PROMPTS.get("init_text").asString());
        try (Scope _ = Scope.open();
            Trained trained = begun(new PromptLearning("soft-prompt", tokens, text), model)) {
          float[] all = trained.parameters().floats();
          int width = all.length / tokens;
          float[] first = new float[tokens];
          for (int i = 0; i < tokens; i++) {
            first[i] = all[i * width];
          }

          assertThat(width).isEqualTo(model.decoder().config().width());
          assertThat(first)
              .containsExactly(Reference.floats(expected.get("first_of_each")), within(1e-7f));
          assertThat(Math.sqrt(trained.parameters().square().sum().item()))
              .isCloseTo(expected.get("norm").asDouble(), within(1e-5));
        }
      }
    }
  }

  /** A prefix begins as its text, so the first step's loss is the base's after that text. */
  @Test
  void begin_prefixOfAText_doesWhatTheTextDoes() {
    String text = "Answer with one word.";
    try (LanguageModel model = model("llama");
        Scope _ = Scope.open()) {
      int[] before = model.tokenizer().encodeDocument(text);
      int[] own = {50, 4, 77, 18, 66};
      int[] joined = Arrays.copyOf(before, before.length + own.length);
      System.arraycopy(own, 0, joined, before.length, own.length);
      try (Trained trained =
          begun(new PromptLearning("prefix", before.length, Optional.of(text)), model)) {
        assertThat(logprob(trained.current(), own, 2))
            .isCloseTo(logprob(model.base(), joined, before.length + 2), within(1e-4));
      }
    }
  }

  private static double logprob(AdaptedDecoder over, int[] ids, int firstLabel) {
    boolean[] label = new boolean[ids.length];
    Arrays.fill(label, firstLabel, ids.length, true);
    return new Scorer(over, Progress.none())
        .score(List.of(new Example("e", ids, label)))
        .getFirst()
        .logprob();
  }

  private static PromptLearning method(String name) {
    return new PromptLearning(name, 4, Optional.empty());
  }

  @ParameterizedTest
  @ValueSource(strings = {"soft-prompt", "prefix"})
  void resume_ofAStoppedRun_givesTheSameBytes(String name) throws IOException {
    TuneJob job = job(method(name), rows("The old text still shows."));
    try (LanguageModel model = model("llama")) {
      Path whole = folder.resolve("whole");
      Path stopped = folder.resolve("stopped");
      job.run(model, whole, watch(new Cancellation(), Integer.MAX_VALUE));
      Tuner.Result half = job.run(model, stopped, watch(new Cancellation(), 2));

      Tuner.Result rest =
          TuneJob.of(stopped).resume(model, stopped, watch(new Cancellation(), Integer.MAX_VALUE));

      assertThatThrownBy(() -> Checkpoints.adapter(whole, 4, model))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining(name);
      assertThat(half.steps()).isEqualTo(2);
      assertThat(half.finished()).isFalse();
      assertThat(rest.finished()).isTrue();
      String weights = "adapter/adapter_model.safetensors";
      assertThat(stopped.resolve(weights)).hasSameBinaryContentAs(whole.resolve(weights));
      assertThat(Files.readString(whole.resolve("metrics.jsonl")).lines()).hasSize(4);
    }
  }

  @Test
  void run_moreRowsThanTheContextLessTheTokens_isRefused() throws IOException {
    try (LanguageModel model = model("llama")) {
      int context = model.decoder().config().context();
      String text = "x ".repeat(context / 2);
      int length = model.tokenizer().encodeDocument(text).length;
      assertThat(length).isLessThanOrEqualTo(context);
      PromptLearning tight =
          new PromptLearning("soft-prompt", context - length + 1, Optional.empty());
      Path row =
          Files.writeString(
              folder.resolve("row.jsonl"),
              "{\"prompt\": \"%s\", \"completion\": \"x\"}\n".formatted(text));
      TuneJob job = job(tight, row);

      assertThatThrownBy(() -> job.run(model, folder.resolve("r"), watch(new Cancellation(), 9)))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("line 1");
      assertThatThrownBy(
              () -> new PromptLearning("prefix", context, Optional.empty()).over(model, "m"))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("--tokens " + context);
      assertThat(folder.resolve("r")).doesNotExist();
    }
  }

  private Path rows(String text) throws IOException {
    return Files.writeString(
        folder.resolve("rows.jsonl"), "{\"text\": \"%s\"}\n".formatted(text).repeat(4));
  }

  private static Tuner.Watch watch(Cancellation cancellation, int lastStep) {
    Progress progress =
        point -> {
          if (point.task().equals("tuning") && point.done() >= lastStep) {
            cancellation.request();
          }
        };
    return new Tuner.Watch(progress, cancellation, () -> 0);
  }

  private static TuneJob job(PromptLearning method, Path rows) {
    return new TuneJob(
        Reference.checkpoint("llama").toString(),
        DataSpec.of(rows),
        Optional.empty(),
        0,
        Optional.empty(),
        method,
        settings(1e-1, 4, 1),
        Precision.FP32,
        1);
  }

  private static TuneSettings settings(double rate, int steps, int checkpointEvery) {
    return new TuneSettings(
        2,
        1,
        rate,
        Schedule.LINEAR,
        0,
        1,
        "adamw",
        0,
        new TuneSettings.Length(OptionalInt.of(steps), 1),
        new TuneSettings.Saving(checkpointEvery, 0, 0),
        7);
  }

  private static Trained begun(PromptLearning method, LanguageModel model) {
    return method.over(model, "m").begin(new Seeds(1));
  }

  private static TrainedPrompt trained(String adapter, Decoder decoder) {
    return new TrainedPrompt(
        decoder, (PromptAdapter) PeftFolder.open(Reference.adapter(adapter), decoder.config()));
  }

  private static Decoder decoder(JsonNode expected) {
    return TrainingReferenceTest.decoder(
        Reference.checkpoint(expected.get("checkpoint").asString()));
  }

  private static LanguageModel model(String checkpoint) {
    return LanguageModel.load(Reference.checkpoint(checkpoint), Precision.FP32, Device.best());
  }
}
