package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.palimpsest.Reference;
import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Example;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.AdapterConfig;
import dev.palimpsest.model.AutogradDecoder;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.FrozenDecoder;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.model.TargetModules;
import dev.palimpsest.model.TrainedDecoder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Rows of tokens that train beside factors, against PEFT (reference/token_rows.py). */
class TokenRowsTest {
  private static final JsonNode EXPECTED = Reference.json("token_rows");
  private static final AdapterConfig ANY = AdapterConfig.lora(4, 8, TargetModules.parse("q_proj"));

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3", "gemma3"})
  void backward_writtenOut_givesPeftsLossAndGradients(String name) {
    assertGradients(
        name, (decoder, trained) -> new FrozenDecoder(decoder, trained.factors(), trained.ends()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3", "gemma3"})
  void backward_byTheGraph_givesPeftsLossAndGradients(String name) {
    assertGradients(
        name,
        (decoder, trained) ->
            new AutogradDecoder(new AdaptedDecoder(decoder, trained.factors(), trained.ends())));
  }

  private static void assertGradients(
      String name, BiFunction<Decoder, LoraParameters, TrainedDecoder> way) {
    JsonNode expected = Reference.named(EXPECTED.get("gradients"), name);
    List<Example> examples = TrainingReferenceTest.examples(EXPECTED.get("batch"));
    long labels = examples.stream().mapToLong(Example::labels).sum();
    try (Scope _ = Scope.open();
        Decoder decoder = TrainingReferenceTest.decoder(Reference.checkpoint(name));
        LoraParameters trained = trained(decoder, name);
        TrainedDecoder under = way.apply(decoder, trained)) {
      double sum = new CrossEntropy().backward(under, examples, 1.0 / labels);

      assertThat(sum / labels).isCloseTo(expected.get("loss").asDouble(), within(1e-5));
      assertTensors(expected.get("gradients"), trained, trained.gradient(), 3e-5);
    }
  }

  /** Everything that trains is there, by PEFT's names. */
  private static void assertTensors(
      JsonNode expected, LoraParameters trained, Tensor flat, double relative) {
    Map<String, FlatView> views =
        trained.layout().tensors().stream()
            .collect(Collectors.toMap(FlatView::name, Function.identity()));
    assertThat(expected).hasSize(views.size());
    for (JsonNode each : expected) {
      FlatView view = views.get(each.get("name").asString());
      assertThat(view).as(each.get("name").asString()).isNotNull();
      TrainingReferenceTest.assertTensor(
          each, view.in(flat).contiguous().view(view.count()), relative);
    }
  }

  /** As PEFT begins: factors of an adapter, rows as the base's. */
  private static LoraParameters trained(Decoder decoder, String name) {
    String adapter = Reference.named(EXPECTED.get("gradients"), name).get("adapter").asString();
    List<Integer> ids = Arrays.stream(Reference.ints(EXPECTED.get("ids"))).boxed().toList();
    return LoraParameters.from(
        PeftFolder.readLora(Reference.adapter(adapter), decoder.config()).factors(),
        RowLayout.of(ids, decoder.config()),
        decoder);
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3", "gemma3"})
  void step_tenTimes_isPeft(String name) {
    JsonNode expected = Reference.named(EXPECTED.get("runs"), name);
    List<Example> examples = TrainingReferenceTest.examples(EXPECTED.get("batch"));
    try (Scope _ = Scope.open();
        Decoder decoder = TrainingReferenceTest.decoder(Reference.checkpoint(name));
        LoraParameters trained = trained(decoder, name);
        Training training =
            TrainingReferenceTest.training(
                TrainingReferenceTest.settings("adamw", expected.get("rate").asDouble()),
                new TrainedAdapter(ANY, decoder, trained, 1),
                30)) {
      for (int step = 0; step < expected.get("losses").size(); step++) {
        Training.StepResult result = training.step(step, examples);

        double loss = expected.get("losses").get(step).asDouble();
        double norm = expected.get("gradient_norms").get(step).asDouble();
        assertThat(result.loss()).isCloseTo(loss, within(1e-4));
        assertThat(result.norm()).isCloseTo(norm, withinPercentage(0.1));
      }
      assertTensors(expected.get("final"), trained, trained.parameters(), 1e-4);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lora", "pissa", "lora+", "dora"})
  void run_stoppedAndResumed_givesTheBytesOfAWholeRun(String method) throws IOException {
    try (LanguageModel model = model()) {
      TuneJob job = job(method, 5e-3);
      Path whole = folder.resolve("whole");
      Path cut = folder.resolve("cut");
      job.run(model, whole, watch(new Cancellation(), Progress.none()));
      Cancellation stop = new Cancellation();
      job.run(model, cut, watch(stop, afterTwo(stop)));
      assertThat(TuneJob.of(cut)).isEqualTo(job);

      TuneJob.of(cut).resume(model, cut, watch(new Cancellation(), Progress.none()));

      for (String file : List.of("adapter_model.safetensors", "adapter_config.json")) {
        assertThat(cut.resolve("adapter").resolve(file))
            .hasSameBinaryContentAs(whole.resolve("adapter").resolve(file));
      }
      requireRows(whole, model);
    }
  }

  /** The product's rows are the last checkpoint's, and not the base's. */
  private static void requireRows(Path run, LanguageModel model) {
    try (Scope _ = Scope.open()) {
      Decoder base = model.decoder();
      Adapter read = PeftFolder.readLora(run.resolve("adapter"), base.config());
      Adapter saved = Checkpoints.adapter(run, 4, model);
      float[] rows = read.ends().rows().get("model.embed_tokens").rows().floats();
      assertThat(read.ends().rows().get("lm_head").ids()).containsExactly(2, 1);
      assertThat(saved.ends().rows().get("lm_head").rows().contiguous().floats()).isEqualTo(rows);
      assertThat(rows).isNotEqualTo(base.rows("lm_head", List.of(2, 1)).floats());
      AdaptedDecoder tuned = read.over(base);
      Tensor hidden = tuned.hidden(Ragged.of(new int[] {1, 5, 9}));
      assertThat(tuned.logits(hidden).floats()) // prepared weights may have products of their own
          .containsExactly(read.over(base).prepared().logits(hidden).floats(), within(1e-5f));
    }
  }

  @Test
  void tokens_thatAreNoneOrTwice_areToldAtOnce() {
    try (LanguageModel model = model()) {
      LowRank method =
          LowRank.of("lora", 2, OptionalDouble.empty(), "q_proj,lm_head")
              .withTokens(List.of("<none>", "<|im_end|>", "<|im_end|>"));
      assertThatThrownBy(() -> method.over(model, "llama"))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("leave lm_head and embed_tokens out")
          .hasMessageContaining("\"<none>\" is no token of the model")
          .hasMessageContaining("\"<|im_end|>\" comes twice");
    }
  }

  @Test
  void from_anAdapterOfRows_isRefusedByName() throws IOException {
    try (LanguageModel model = model()) {
      Path run = folder.resolve("run");
      job("lora", 1e-3).run(model, run, watch(new Cancellation(), Progress.none()));
      Continued method =
          Continued.of(
              run.resolve("adapter"),
              new Continued.Asked(
                  Optional.empty(), OptionalInt.empty(), OptionalDouble.empty(), List.of()));

      assertThatThrownBy(() -> method.over(model, "llama"))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("trainable_token_indices");
    }
  }

  private static LanguageModel model() {
    return LanguageModel.load(Reference.checkpoint("llama"), Precision.FP32, Device.best());
  }

  private TuneJob job(String method, double rate) throws IOException {
    Path data = folder.resolve("data.jsonl");
    Files.writeString(data, "{\"text\": \"one<|im_start|>two<|im_end|> three\"}\n".repeat(4));
    return new TuneJob(
        "llama",
        DataSpec.of(data),
        Optional.empty(),
        0,
        Optional.empty(),
        LowRank.of(method, 2, OptionalDouble.empty(), "q_proj,v_proj")
            .withTokens(List.of("<|im_end|>", "<|im_start|>")),
        new TuneSettings(
            1,
            1,
            rate,
            Schedule.LINEAR,
            0,
            1,
            "adamw",
            0,
            new TuneSettings.Length(OptionalInt.of(4), 1),
            new TuneSettings.Saving(2, 0, 0),
            1),
        Precision.FP32,
        1);
  }

  private static Tuner.Watch watch(Cancellation stop, Progress progress) {
    return new Tuner.Watch(progress, stop, () -> 0);
  }

  private static Progress afterTwo(Cancellation stop) {
    return point -> {
      if (point.task().equals("tuning") && point.done() == 2) {
        stop.request();
      }
    };
  }
}
