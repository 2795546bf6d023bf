package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.RealModel;
import dev.palimpsest.data.DataSpec;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.EnvironmentFailure;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The one check of a run's memory, before anything of the model is read. */
class TuneMemoryTest {
  private static final int ROW = 40;

  private final ModelConfig config = config(Path.of("src/test/resources/checkpoints/llama"));

  private static ModelConfig config(Path model) {
    try (Checkpoint stored = Checkpoint.open(model)) {
      return stored.config();
    }
  }

  private static Method method(String name) {
    return switch (name) {
      case "full" -> Full.of(name, Optional.empty());
      case "soft-prompt", "prefix" -> new PromptLearning(name, 4, Optional.empty());
      default -> LowRank.of(name, 8, OptionalDouble.empty(), "all-linear");
    };
  }

  private static TuneJob job(Method method, Precision precision) {
    return new TuneJob(
        "llama",
        DataSpec.of(Path.of("data.jsonl")),
        Optional.empty(),
        0,
        Optional.empty(),
        method,
        TuneSettings.defaults(),
        precision,
        1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lora", "dora", "pissa", "qlora", "soft-prompt", "prefix", "full"})
  void requireMemory_anyMethod_isRefusedUnderItsPeakAndNoFurther(String name) {
    Method method = method(name);
    Precision precision = name.equals("qlora") ? Precision.NF4 : Precision.FP32;
    TuneJob job = job(method, precision);
    Footprint base = new Footprint(config, precision);
    long peak = method.peakBytes(base, TuneSettings.defaults(), base.passRows());

    assertThatCode(() -> new RunMemory(job).require(config, () -> ROW, peak))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> new RunMemory(job).require(config, () -> ROW, peak - 1))
        .isInstanceOf(EnvironmentFailure.class)
        .hasMessageStartingWith("--method " + name + " over llama, in ")
        .hasMessageContaining("this machine has 0.");
  }

  @Test
  void peakBytes_longRows_takeMore_upToThoseThatKeepAll() {
    Footprint base = new Footprint(config(RealModel.gguf()), Precision.FP32); // a deep model
    Method lora = method("lora");

    assertThat(lora.peakBytes(base, TuneSettings.defaults(), 1024))
        .isGreaterThan(lora.peakBytes(base, TuneSettings.defaults(), 512))
        .isEqualTo(lora.peakBytes(base, TuneSettings.defaults(), 1025));
  }

  @Test
  void requireMemory_full_offersOptimisersThatFit_butNoQuantisedBase() {
    TuneJob job = job(method("full"), Precision.FP32);
    TuneSettings settings = TuneSettings.defaults();
    Footprint base = new Footprint(config, Precision.FP32);
    long adafactor =
        method("full").peakBytes(base, settings.withOptimizer("adafactor"), base.passRows());

    assertThatThrownBy(() -> new RunMemory(job).require(config, () -> ROW, adafactor))
        .hasMessageContaining("--optimizer adafactor would take")
        .hasMessageNotContainingAny("nf4", "int8", "--optimizer adamw would");
  }

  @Test
  void peakBytes_full_growsByItsOptimiserState() {
    Footprint base = new Footprint(config, Precision.FP32);
    long adamw = method("full").peakBytes(base, TuneSettings.defaults(), base.passRows());
    long sgd =
        method("full")
            .peakBytes(base, TuneSettings.defaults().withOptimizer("sgd"), base.passRows());
    long largest = (long) config.vocabulary() * config.width();

    assertThat(adamw - sgd).isEqualTo(8 * config.parameters() + 4 * Math.min(largest, AdamW.PIECE));
  }

  @Test
  void requireMemory_enoughForTheLongestRowThatMayBe_doesNotLookAtTheData() {
    TuneJob job = job(method("lora"), Precision.FP32);

    assertThatCode(
            () ->
                new RunMemory(job)
                    .require(
                        config,
                        () -> {
                          throw new AssertionError("the data was opened");
                        },
                        Long.MAX_VALUE))
        .doesNotThrowAnyException();
    assertThat(method("qlora").precisions()).isEqualTo(List.of(Precision.NF4, Precision.INT8));
  }
}
