package dev.palimpsest.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.model.VirtualTokens;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A step by operations of libtorch, as on GPUs, against the CPU's own over arrays. */
class KvCacheTest {
  /** The longer prompt passes the windows. */
  private static final List<int[]> PROMPTS =
      List.of(
          new int[] {5, 80, 17, 33, 9, 41, 3, 12, 60, 7, 22, 71, 8, 19},
          new int[] {44, 2, 61, 8, 80});

  @ParameterizedTest
  @ValueSource(strings = {"llama", "mistral", "qwen3", "gemma3", "mixtral"})
  void decodeThere_afterPrompts_isDecode(String name) {
    try (Scope _ = Scope.open();
        Decoder decoder = load(name)) {
      assertAlike(AdaptedDecoder.base(decoder));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "mistral"})
  void decodeThere_afterVirtualTokens_isDecode(String name) {
    try (Scope _ = Scope.open();
        Decoder decoder = load(name)) {
      Tensor prefix = VirtualTokens.prefix(decoder, new int[] {7, 9, 30});
      assertAlike(
          new AdaptedDecoder(decoder, new VirtualTokens(VirtualTokens.Kind.PREFIX, prefix)));
    }
  }

  private static Decoder load(String name) {
    try (Checkpoint checkpoint = Checkpoint.open(Reference.checkpoint(name))) {
      return Decoder.load(checkpoint.config(), checkpoint.weights(), Precision.FP32, Device.CPU);
    }
  }

  private static void assertAlike(AdaptedDecoder decoder) {
    Native.withoutGradients(
        () -> {
          AdaptedDecoder prepared = decoder.prepared();
          Ragged prompts = Ragged.of(PROMPTS);
          try (KvCache cache = new KvCache(prepared.decoder(), 3, 20, prepared.past())) {
            prepared.hidden(
                prompts.ids(),
                prompts.positions(),
                cache.prefill(List.of(0, 1), prompts, prepared.attention(prompts)));
            for (int step = 0; step < 3; step++) {
              int[] ids = {11 + step, 70 - step};
              int[] places = {14 + step, 5 + step};

              Tensor found =
                  prepared.logits(prepared.hidden(ids, places, cache.decodeThere(places)));

              Tensor expected = prepared.steps().logits(ids, places, cache.decode(places));
              assertThat(found.floats()).containsExactly(expected.floats(), within(3e-5f));
            }
          }
        });
  }
}
