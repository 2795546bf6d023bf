package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.Reference;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * All that a pass makes lies where its weights do: libtorch refuses to mix devices. Meta stands for
 * a GPU, which the machines that test this need not have.
 */
class DeviceTest {
  private static final Ragged DOCUMENTS =
      Ragged.of(List.of(new int[] {5, 80, 17, 33, 9, 41, 3, 12, 60, 7, 22}, new int[] {44, 2, 61}));

  private static final int[] ROWS = {2, 3, 9, 12};

  @ParameterizedTest
  @CsvSource({
    "llama, plain",
    "llama, dora",
    "llama, patterns",
    "mistral, mistral-plain",
    "qwen2, qwen2-plain",
    "qwen3, qwen3-plain",
    "gemma3, gemma3-plain"
  })
  void backward_underFactors_staysThere(String checkpoint, String adapter) {
    try (Scope _ = Scope.open();
        Decoder decoder = decoder(checkpoint, Precision.FP32)) {
      Map<String, Factors> factors =
          FrozenDecoderTest.leaves(adapter, decoder.config(), Device.META);
      try (FrozenDecoder trained = new FrozenDecoder(decoder, factors)) {
        assertGoesBothWays(trained);
        trained.refresh();
      }
      Tensor hidden = new AdaptedDecoder(decoder, factors).hidden(DOCUMENTS);
      assertThat(hidden.device()).isEqualTo(Device.META);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"NF4", "INT8"})
  void backward_overAQuantisedBase_staysThere(Precision precision) {
    try (Scope _ = Scope.open();
        Decoder decoder = decoder("llama", precision);
        FrozenDecoder trained =
            new FrozenDecoder(
                decoder, FrozenDecoderTest.leaves("plain", decoder.config(), Device.META))) {
      assertGoesBothWays(trained);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen2", "gemma3"})
  void backward_ofOwnWeights_staysThere(String name) {
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = Checkpoint.open(Reference.checkpoint(name));
        Decoder decoder = decoder(name, Precision.FP32)) {
      Set<String> all = ModelTensors.shapes(decoder.config()).keySet();
      try (TrainedWeights weights = new TrainedWeights(decoder, checkpoint.weights(), all);
          FrozenDecoder trained = new FrozenDecoder(weights)) {
        assertThat(weights.gradient().device()).isEqualTo(Device.META);
        assertGoesBothWays(trained);
      }
    }
  }

  @Test
  void hidden_afterVirtualTokens_staysThere() {
    try (Scope _ = Scope.open();
        Decoder decoder = decoder("llama", Precision.FP32)) {
      Tensor prefix = VirtualTokens.prefix(decoder, new int[] {7, 9, 30});
      AdaptedDecoder adapted =
          new AdaptedDecoder(decoder, new VirtualTokens(VirtualTokens.Kind.PREFIX, prefix));

      Tensor logits =
          Native.withoutGradients(
              () -> adapted.prepared().logits(adapted.prepared().hidden(DOCUMENTS)));

      assertThat(logits.device()).isEqualTo(Device.META);
    }
  }

  /** Whole ends, rows of tokens and factors of both. */
  @ParameterizedTest
  @ValueSource(strings = {"plain", "saved-head", "tokens-both", "embedding", "head-dora"})
  void on_anAdapter_isThereAndAnswersThere(String name) {
    JsonNode adapter = Reference.named(AdapterReferenceTest.ADAPTERS, name);
    try (Scope _ = Scope.open();
        Decoder decoder = decoder(adapter.get("checkpoint").asString(), Precision.FP32)) {
      PeftAdapter there =
          PeftFolder.open(Reference.adapter(name), decoder.config()).on(Device.META);

      assertThat(there.on(Device.META)).isSameAs(there);
      AdaptedDecoder prepared = there.over(decoder).prepared();
      Tensor logits = Native.withoutGradients(() -> prepared.logits(prepared.hidden(DOCUMENTS)));
      assertThat(logits.device()).isEqualTo(Device.META);
    }
  }

  private static void assertGoesBothWays(TrainedDecoder trained) {
    TrainedDecoder.Pass pass = trained.forward(DOCUMENTS, ROWS);
    Tensor logits = Native.withoutGradients(() -> trained.logits(pass.hidden()));
    Tensor byHidden = trained.backThroughHead(pass.hidden(), logits, 0.5);
    assertThat(byHidden.device()).isEqualTo(Device.META);
    pass.backward(byHidden);
  }

  private static Decoder decoder(String name, Precision precision) {
    try (Checkpoint checkpoint = Checkpoint.open(Reference.checkpoint(name))) {
      return Decoder.load(checkpoint.config(), checkpoint.weights(), precision, Device.META);
    }
  }
}
