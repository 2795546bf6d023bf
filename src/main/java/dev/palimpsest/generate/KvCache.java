package dev.palimpsest.generate;

import dev.palimpsest.model.Attention;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelConfig.LayerType;
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
  private final int capacity;
  private final List<Tensor> keys = new ArrayList<>();
  private final List<Tensor> values = new ArrayList<>();

  KvCache(ModelConfig config, int slots, int longest) {
    this.config = config;
    this.slots = slots;
    this.capacity = roundUp(longest);
    try (Scope scope = Scope.open()) {
      for (int i = 0; i < config.layers(); i++) {
        keys.add(scope.release(rows()));
        values.add(scope.release(rows()));
      }
    }
  }

  private Tensor rows() {
    return Tensor.zeros(
        DType.F32, (long) slots * capacity, config.keyValueHeads(), config.headWidth());
  }

  private static int roundUp(int rows) {
    return (rows + STEP - 1) / STEP * STEP;
  }

  /** How many slots so long stay within a budget of memory, at most {@code most}. */
  static int fitting(ModelConfig config, int longest, int most) {
    long row = 2L * config.layers() * config.keyValueHeads() * config.headWidth() * Float.BYTES;
    return Math.clamp(BUDGET / (row * roundUp(longest)), 1, most);
  }

  /** Attention of prompts that fill slots from their beginning. */
  Attention prefill(List<Integer> into, Ragged prompts, Attention within) {
    return (layer, q, k, v) -> {
      for (int i = 0; i < into.size(); i++) {
        Ragged.Segment prompt = prompts.segments().get(i);
        long start = (long) into.get(i) * capacity;
        keys.get(layer).narrow(0, start, prompt.length()).copyFrom(rows(k, prompt));
        values.get(layer).narrow(0, start, prompt.length()).copyFrom(rows(v, prompt));
      }
      return within.attend(layer, q, k, v);
    };
  }

  // (key-value heads, rows, dim) to (the prompt's rows, key-value heads, dim)
  private static Tensor rows(Tensor all, Ragged.Segment prompt) {
    return all.narrow(1, prompt.start(), prompt.length()).permute(1, 0, 2);
  }

  /**
   * Attention of one new row in each of the first slots.
   *
   * @param positions of the new rows, by slot
   */
  Attention decode(int[] positions) {
    int taken = positions.length;
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
