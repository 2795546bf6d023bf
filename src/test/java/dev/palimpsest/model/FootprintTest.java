package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.Reference;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Json;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.VectorAttention;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a model takes, by arithmetic. */
class FootprintTest {
  private static final AdapterConfig LORA =
      AdapterConfig.lora(16, 32, TargetModules.parse("all-linear"));

  /** Llama 2 7B. */
  private static ModelConfig seven() {
    return parse(
        """
        {"model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008,
         "vocab_size": 32000, "num_hidden_layers": 32, "num_attention_heads": 32,
         "num_key_value_heads": 32, "tie_word_embeddings": false}
        """);
  }

  private static ModelConfig parse(String config) {
    return HubConfig.parse(Json.parse(config, "test"), "config.json");
  }

  @Test
  void weightBytes_ofSevenBillion_areThePublishedSizes() {
    assertThat(seven().parameters()).isEqualTo(6_738_415_616L);
    assertThat(new Footprint(seven(), Precision.FP32).weightBytes()).isEqualTo(4 * 6_738_415_616L);
    // 2305.14314: 4 bits and 0.127 of constants for each weight of the blocks; the rest is plain
    long blocks = 6_738_415_616L - 2L * 32000 * 4096 - 65L * 4096;
    long rest = 2L * 32000 * 4096 * Precision.NF4.products().bytes() + 65L * 4096 * 4;
    assertThat((new Footprint(seven(), Precision.NF4).weightBytes() - rest) * 8.0 / blocks)
        .isBetween(4.12, 4.13);
  }

  @Test
  void trainedParameters_ofSevenBillion_arePefts() {
    // print_trainable_parameters of PEFT, r = 16, all linear layers: 39,976,960
    assertThat(new Footprint(seven(), Precision.NF4).trainedParameters(LORA)).isEqualTo(39_976_960);
  }

  @Test
  void tuningPeak_ofSevenBillionInNf4_fitsIntoTwentyFourGigabytes() {
    assertThat(tuningPeak(Precision.NF4)).isBetween(6_000_000_000L, 24_000_000_000L);
    assertThat(tuningPeak(Precision.FP32)).isGreaterThan(27_000_000_000L);
  }

  private static long tuningPeak(Precision precision) {
    Footprint footprint = new Footprint(seven(), precision);
    return footprint.tuningPeak(footprint.adapterBytes(LORA), footprint.passBytes(512));
  }

  @Test
  void bytesOfPass_riseWithRows_untilBlocksAreComputedAgain() {
    Footprint footprint = new Footprint(seven(), Precision.BF16);

    assertThat(footprint.bytesOfPass(1024)).isGreaterThan(footprint.bytesOfPass(512));
    assertThat(footprint.bytesOfPass(1025)).isLessThan(footprint.bytesOfPass(1024));
    // the longest row may be 1,025 tokens long: another may have 1,024
    assertThat(footprint.passBytes(1025)).isEqualTo(footprint.bytesOfPass(1024));
    assertThat(footprint.passBytes(100_000)).isEqualTo(footprint.bytesOfPass(100_000));
  }

  @Test
  void passRows_areAsManyAsKeepFourHundredFiftyMegabytes() {
    ModelConfig smollm2 =
        parse(
            """
            {"model_type": "llama", "hidden_size": 576, "intermediate_size": 1536,
             "vocab_size": 49152, "num_hidden_layers": 30, "num_attention_heads": 9,
             "num_key_value_heads": 3, "tie_word_embeddings": true}
            """);

    // a row and layer: 4 · 2 · 576 bytes, 2 · 1536 of the products' type, and what attention keeps,
    // on vectors 2 · 576 + 2 · 192 of the products' type and 4 · 9, in tiles 4 · (2 · 576 + 2 ·
    // 192)
    boolean vectors = VectorAttention.isThere();
    int fp32 = vectors ? 650 : 651;
    int bf16 = Precision.BF16.products() == DType.F32 ? fp32 : vectors ? 1024 : 887;
    assertThat(new Footprint(smollm2, Precision.BF16).passRows()).isEqualTo(bf16);
    assertThat(new Footprint(smollm2, Precision.FP32).passRows()).isEqualTo(fp32);
    assertThat(new Footprint(seven(), Precision.BF16).passRows()).isEqualTo(Footprint.LEAST_ROWS);
  }

  @Test
  void requireMemory_tooLittle_namesWhatWouldFit() {
    assertThatThrownBy(() -> require(Precision.FP32, tuningPeak(Precision.NF4)))
        .isInstanceOf(EnvironmentFailure.class)
        .hasMessageMatching(
            "--method lora would take about \\d\\d\\.\\d GB of memory, this machine has"
                + " \\d+\\.\\d GB: --dtype nf4 would take \\d+\\.\\d GB");
    assertThatThrownBy(() -> require(Precision.NF4, 2_000_000_000L))
        .isInstanceOf(EnvironmentFailure.class)
        .hasMessageContaining("not even --dtype nf4 fits")
        .hasMessageContaining("take a smaller model");
  }

  @Test
  void requireMemory_enoughOrUnknown_lets() {
    assertThatCode(() -> require(Precision.FP32, 60_000_000_000L)).doesNotThrowAnyException();
    assertThatCode(() -> require(Precision.FP32, 0)).doesNotThrowAnyException();
  }

  private static void require(Precision asked, long machine) {
    Footprint.requireMemory(
        "--method lora",
        machine,
        tuningPeak(asked),
        Footprint.byPrecision(List.of(Precision.values()), FootprintTest::tuningPeak));
  }

  @Test
  void trainedParameters_ofPatterns_areThoseOfTheirRanks() {
    try (Checkpoint stored = Checkpoint.open(Reference.checkpoint("llama"))) {
      Adapter adapter = PeftFolder.read(Reference.adapter("patterns"), stored.config());
      long expected =
          adapter.factors().values().stream()
              .mapToLong(factors -> factors.a().count() + factors.b().count())
              .sum();

      assertThat(new Footprint(stored.config(), Precision.FP32).trainedParameters(adapter.config()))
          .isEqualTo(expected);
      adapter
          .factors()
          .values()
          .forEach(
              factors -> {
                factors.a().close();
                factors.b().close();
              });
    }
  }
}
