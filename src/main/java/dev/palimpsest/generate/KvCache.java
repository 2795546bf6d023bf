package dev.palimpsest.generate;

import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Attention;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelConfig.LayerType;
import dev.palimpsest.model.Past;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.model.StepAttention;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.DecodeAttention;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Keys and values of several slots, each a sequence that is being written. Rows of all slots lie in
 * one tensor a layer, (slots · capacity, key-value heads, dim), F32.
 */
final class KvCache implements AutoCloseable {
  /** Bytes that many slots may take; one may take more. */
  private static final long BUDGET = 512L << 20;

  private final ModelConfig config;
  private final int slots;
  private final int first;
  private final int capacity;
  private final List<Tensor> keys = new ArrayList<>();
  private final List<Tensor> values = new ArrayList<>();
  private final List<DecodeAttention.Kept> kept = new ArrayList<>();

  /**
   * Empty slots.
   *
   * @param longest sequence, in tokens
   * @param before what each slot begins with
   */
  KvCache(ModelConfig config, int slots, int longest, Past before) {
    this.config = config;
    this.slots = slots;
    this.first = before.rows();
    this.capacity = first + longest;
    try (Scope scope = Scope.open()) {
      for (int i = 0; i < config.layers(); i++) {
        keys.add(scope.release(rows()));
        values.add(scope.release(rows()));
        kept.add(DecodeAttention.Kept.of(keys.get(i), values.get(i), capacity));
        for (int slot = 0; first > 0 && slot < slots; slot++) {
          put(keys.get(i), slot, 0, before.keys().get(i));
          put(values.get(i), slot, 0, before.values().get(i));
        }
      }
    }
  }

  // of: (key-value heads, rows, dim)
  private void put(Tensor cache, int slot, int row, Tensor of) {
    cache.narrow(0, (long) slot * capacity + row, of.size(1)).copyFrom(of.permute(1, 0, 2));
  }

  private Tensor rows() {
    return Tensor.zeros(
        DType.F32, (long) slots * capacity, config.keyValueHeads(), config.headWidth());
  }

  /** How many slots so long stay within a budget of memory, at most {@code most}. */
  static int fitting(AdaptedDecoder decoder, int longest, int most) {
    ModelConfig config = decoder.config();
    long row = 2L * config.layers() * config.keyValueHeads() * config.headWidth() * Float.BYTES;
    return Math.clamp(BUDGET / (row * (decoder.virtualTokens() + longest)), 1, most);
  }

  /** Attention of prompts that fill slots from their beginning. */
  Attention prefill(List<Integer> into, Ragged prompts, Attention within) {
    return (layer, q, k, v) -> {
      for (int i = 0; i < into.size(); i++) {
        Ragged.Segment prompt = prompts.segments().get(i);
        put(keys.get(layer), into.get(i), first, k.narrow(1, prompt.start(), prompt.length()));
        put(values.get(layer), into.get(i), first, v.narrow(1, prompt.start(), prompt.length()));
      }
      return within.attend(layer, q, k, v);
    };
  }

  /**
   * Attention of one new row in each of the first slots.
   *
   * @param places of the new rows in their sequences, by slot
   */
  StepAttention decode(int[] places) {
    int[] positions = Arrays.stream(places).map(place -> first + place).toArray();
    DecodeAttention full = seeing(positions, capacity);
    DecodeAttention sliding = config.window() > 0 ? seeing(positions, config.window()) : full;
    int keys = config.heads() * config.headWidth();
    return (layer, heads, into) -> {
      DecodeAttention.Kept own = kept.get(layer);
      for (int slot = 0; slot < positions.length; slot++) {
        own.put(slot, positions[slot], heads.values(), slot * heads.width() + keys);
      }
      boolean slides = config.layerTypes().get(layer) == LayerType.SLIDING;
      (slides ? sliding : full).of(heads, own, config.queryScale(), into);
    };
  }

  /** Each slot's new row sees itself and what comes before, so many rows in all. */
  private static DecodeAttention seeing(int[] positions, int most) {
    int[] count = Arrays.stream(positions).map(position -> Math.min(position + 1, most)).toArray();
    int[] first = new int[positions.length];
    Arrays.setAll(first, slot -> positions[slot] + 1 - count[slot]);
    return new DecodeAttention(first, count);
  }

  @Override
  public void close() {
    keys.forEach(Tensor::close);
    values.forEach(Tensor::close);
  }
}
