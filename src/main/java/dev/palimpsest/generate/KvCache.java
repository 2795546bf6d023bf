package dev.palimpsest.generate;

import dev.palimpsest.model.Attention;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelConfig.LayerType;
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

  /** Attention of a prompt that fills a slot from its beginning. */
  Attention prefill(int slot, Attention within) {
    return (layer, q, k, v) -> {
      long start = (long) slot * capacity;
      keys.get(layer).narrow(0, start, k.size(1)).copyFrom(k.permute(1, 0, 2));
      values.get(layer).narrow(0, start, v.size(1)).copyFrom(v.permute(1, 0, 2));
      return within.attend(layer, q, k, v);
    };
  }

  /**
   * Attention of one new row in each slot.
   *
   * @param positions of the new rows, by slot
   */
  Attention decode(int[] positions) {
    int visible = roundUp(Arrays.stream(positions).max().orElse(0) + 1);
    int[] rows = new int[slots];
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
              seen(keys.get(layer), visible),
              seen(values.get(layer), visible),
              slide ? sliding : full,
              config.queryScale());
      return output.reshape(slots, (long) config.heads() * config.headWidth());
    };
  }

  // (heads, slots, dim) to (slots, key-value heads, group, dim): the heads of a group are its rows
  private Tensor queries(Tensor q) {
    int shared = config.keyValueHeads();
    return q.permute(1, 0, 2).reshape(slots, shared, config.heads() / shared, config.headWidth());
  }

  // to (slots, key-value heads, visible, dim)
  private Tensor seen(Tensor rows, int visible) {
    return rows.view(slots, capacity, config.keyValueHeads(), config.headWidth())
        .narrow(1, 0, visible)
        .permute(0, 2, 1, 3);
  }

  // (slots, 1, 1, visible): 0 where a slot's new row sees a column
  private Tensor mask(int[] positions, int visible, int window) {
    float[] mask = new float[slots * visible];
    for (int slot = 0; slot < slots; slot++) {
      int from = slot * visible;
      Arrays.fill(mask, from + positions[slot] + 1, from + visible, Float.NEGATIVE_INFINITY);
      if (window > 0 && positions[slot] >= window) {
        Arrays.fill(mask, from, from + positions[slot] - window + 1, Float.NEGATIVE_INFINITY);
      }
    }
    return Tensor.of(mask, slots, 1, 1, visible);
  }

  @Override
  public void close() {
    keys.forEach(Tensor::close);
    values.forEach(Tensor::close);
  }
}
