package dev.palimpsest.generate;

import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Attention;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.Past;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.model.StepAttention;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.DecodeAttention;
import dev.palimpsest.tensor.Device;
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
  /** Bytes that many slots may take; one may take more. */
  private static final long BUDGET = 512L << 20;

  /** The same on a GPU, whose steps of many slots take as long as those of few. */
  private static final long BUDGET_THERE = 4L << 30;

  private static final int MOST_THERE = 64;

  /** Up to so many tokens a sequence's length does not change the number of slots. */
  private static final int TYPICAL = 2048;

  private final ModelConfig config;
  private final Device device;
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
  KvCache(Decoder decoder, int slots, int longest, Past before) {
    this.config = decoder.config();
    this.device = decoder.device();
    this.slots = slots;
    this.first = before.rows();
    this.capacity = first + longest;
    try (Scope scope = Scope.open()) {
      for (int i = 0; i < config.layers(); i++) {
        keys.add(scope.release(rows()));
        values.add(scope.release(rows()));
        if (device == Device.CPU) {
          kept.add(DecodeAttention.Kept.of(keys.get(i), values.get(i), capacity));
        }
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
        device, DType.F32, (long) slots * capacity, config.keyValueHeads(), config.headWidth());
  }

  /** How many slots so long stay within a budget of memory, at most {@code most}. */
  static int fitting(AdaptedDecoder decoder, int longest, int most) {
    return within(BUDGET, decoder, decoder.virtualTokens() + longest, most);
  }

  /**
   * How many slots a GPU has, for one request as for many: a sequence's bits may hang on it. Longer
   * sequences than most have fewer.
   */
  static int there(AdaptedDecoder decoder, int longest) {
    int rows = Math.max(decoder.virtualTokens() + longest, TYPICAL);
    return within(BUDGET_THERE, decoder, rows, MOST_THERE);
  }

  private static int within(long budget, AdaptedDecoder decoder, int rows, int most) {
    ModelConfig config = decoder.config();
    long row = 2L * config.layers() * config.keyValueHeads() * config.headWidth() * Float.BYTES;
    return Math.clamp(budget / (row * rows), 1, most);
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
      boolean slides = config.slides(layer);
      (slides ? sliding : full).of(heads, own, config.queryScale(), into);
    };
  }

  /** The same as operations of libtorch, which compute where the cache lies. */
  Attention decodeThere(int[] places) {
    int[] positions = Arrays.stream(places).map(place -> first + place).toArray();
    int columns = Arrays.stream(positions).max().orElse(0) + 1;
    Tensor full = mask(positions, columns, columns);
    Tensor sliding = config.window() > 0 ? mask(positions, columns, config.window()) : full;
    int[] at = new int[positions.length];
    Arrays.setAll(at, slot -> slot * capacity + positions[slot]);
    Tensor rows = Tensor.ofIndices(at).to(device);
    return (layer, q, k, v) -> {
      keys.get(layer).copyRowsFrom(k.permute(1, 0, 2), rows);
      values.get(layer).copyRowsFrom(v.permute(1, 0, 2), rows);
      boolean slides = config.slides(layer);
      Tensor attended =
          Functional.attention(
              shared(q),
              seen(keys.get(layer), at.length, columns),
              seen(values.get(layer), at.length, columns),
              slides ? sliding : full,
              config.queryScale());
      return attended.reshape(at.length, (long) config.heads() * config.headWidth());
    };
  }

  // (heads, slots, dim) to (slots, key-value heads, heads that share one, dim)
  private Tensor shared(Tensor q) {
    long kept = config.keyValueHeads();
    return q.permute(1, 0, 2).reshape(q.size(1), kept, config.heads() / kept, config.headWidth());
  }

  // the first slots' first rows, (slots, key-value heads, columns, dim)
  private Tensor seen(Tensor cache, long some, long columns) {
    return cache
        .view(slots, capacity, config.keyValueHeads(), config.headWidth())
        .narrow(0, 0, some)
        .narrow(1, 0, columns)
        .permute(0, 2, 1, 3);
  }

  // (slots, 1, 1, columns): 0 where a slot's new row sees a column, −∞ elsewhere
  private Tensor mask(int[] positions, int columns, int most) {
    float[] mask = new float[positions.length * columns];
    Arrays.fill(mask, Float.NEGATIVE_INFINITY);
    for (int slot = 0; slot < positions.length; slot++) {
      int to = positions[slot] + 1;
      int row = slot * columns;
      Arrays.fill(mask, row + Math.max(0, to - most), row + to, 0);
    }
    return Tensor.of(mask, positions.length, 1, 1, columns).to(device);
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
