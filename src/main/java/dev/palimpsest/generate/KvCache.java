package dev.palimpsest.generate;

import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Attention;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelConfig.LayerType;
import dev.palimpsest.model.Past;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Functional;
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
  /** Lengths are seen in steps of this many rows, so that few shapes occur. */
  private static final int STEP = 64;

  /** Bytes that many slots may take; one may take more. */
  private static final long BUDGET = 512L << 20;

  private final ModelConfig config;
  private final int slots;
  private final int first;
  private final int capacity;
  private final List<Tensor> keys = new ArrayList<>();
  private final List<Tensor> values = new ArrayList<>();

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
    this.capacity = roundUp(first + longest);
    try (Scope scope = Scope.open()) {
      for (int i = 0; i < config.layers(); i++) {
        keys.add(scope.release(rows()));
        values.add(scope.release(rows()));
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

  private static int roundUp(int rows) {
    return (rows + STEP - 1) / STEP * STEP;
  }

  /** How many slots so long stay within a budget of memory, at most {@code most}. */
  static int fitting(AdaptedDecoder decoder, int longest, int most) {
    ModelConfig config = decoder.config();
    long row = 2L * config.layers() * config.keyValueHeads() * config.headWidth() * Float.BYTES;
    return Math.clamp(BUDGET / (row * roundUp(decoder.virtualTokens() + longest)), 1, most);
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
  Attention decode(int[] places) {
    int taken = places.length;
    int[] positions = Arrays.stream(places).map(place -> first + place).toArray();
    int visible = roundUp(Arrays.stream(positions).max().orElse(0) + 1);
    int[] rows = new int[taken];
    Arrays.setAll(rows, slot -> slot * capacity + positions[slot]);
    Tensor indices = Tensor.ofIndices(rows);
    Tensor full = mask(positions, visible, 0);
    boolean slides = config.layerTypes().contains(LayerType.SLIDING) && visible > config.window();
    Tensor sliding = slides ? mask(positions, visible, config.window()) : full;
    return (layer, q, k, v) -> {
      keys.get(layer).copyRowsFrom(k.permute(1, 0, 2), indices);
      values.get(layer).copyRowsFrom(v.permute(1, 0, 2), indices);
      boolean slide = config.layerTypes().get(layer) == LayerType.SLIDING;
      Tensor output =
          Functional.attention(
              queries(q),
              seen(keys.get(layer), taken, visible),
              seen(values.get(layer), taken, visible),
              slide ? sliding : full,
              config.queryScale());
      return output.reshape(taken, (long) config.heads() * config.headWidth());
    };
  }

  // (heads, slots, dim) to (slots, key-value heads, group, dim): the heads of a group are its rows
  private Tensor queries(Tensor q) {
    int shared = config.keyValueHeads();
    return q.permute(1, 0, 2)
        .reshape(q.size(1), shared, config.heads() / shared, config.headWidth());
  }

  // to (slots, key-value heads, visible, dim)
  private Tensor seen(Tensor rows, int taken, int visible) {
    return rows.view(slots, capacity, config.keyValueHeads(), config.headWidth())
        .narrow(0, 0, taken)
        .narrow(1, 0, visible)
        .permute(0, 2, 1, 3);
  }

  // (slots, 1, 1, visible): 0 where a slot's new row sees a column
  private Tensor mask(int[] positions, int visible, int window) {
    float[] mask = new float[positions.length * visible];
    for (int slot = 0; slot < positions.length; slot++) {
      int from = slot * visible;
      Arrays.fill(mask, from + positions[slot] + 1, from + visible, Float.NEGATIVE_INFINITY);
      if (window > 0 && positions[slot] >= window) {
        Arrays.fill(mask, from, from + positions[slot] - window + 1, Float.NEGATIVE_INFINITY);
      }
    }
    return Tensor.of(mask, positions.length, 1, 1, visible);
  }

  @Override
  public void close() {
    keys.forEach(Tensor::close);
    values.forEach(Tensor::close);
  }
}
