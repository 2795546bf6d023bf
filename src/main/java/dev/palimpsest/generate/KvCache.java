package dev.palimpsest.generate;

import dev.palimpsest.model.Attention;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelConfig.LayerType;
import dev.palimpsest.model.Past;
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
          put(keys.get(i), slot * capacity, before.keys().get(i));
          put(values.get(i), slot * capacity, before.values().get(i));
        }
      }
    }
  }

  // of: (key-value heads, rows, dim)
  private static void put(Tensor cache, int row, Tensor of) {
    cache.narrow(0, row, of.size(1)).copyFrom(of.permute(1, 0, 2));
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
      put(keys.get(layer), slot * capacity + first, k);
      put(values.get(layer), slot * capacity + first, v);
      return within.attend(layer, q, k, v);
    };
  }

  /**
   * Attention of one new row in each slot.
   *
   * @param places of the new rows in their sequences, by slot
   */
  Attention decode(int[] places) {
    int[] positions = Arrays.stream(places).map(place -> first + place).toArray();
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
