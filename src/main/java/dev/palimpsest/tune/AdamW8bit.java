package dev.palimpsest.tune;

import dev.palimpsest.model.Codebook;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.LongStream;

/**
 * AdamW whose two moments are kept in 8 bits (Dettmers et al., 2110.02861), as bitsandbytes'
 * AdamW8bit on the CPU: blocks of 256 elements of one tensor, each scaled by its largest, in the
 * dynamic map. Tensors of less than 4,096 elements keep theirs in F32.
 */
final class AdamW8bit implements Optimizer {
  private static final int BLOCK = 256;
  private static final int SMALLEST = 4096;

  /** Blocks of one task. */
  private static final int TASK = 256;

  private final List<FlatView> views;
  private final double decay;
  private final Map<String, Tensor> state = new TreeMap<>();
  private final List<Large> large = new ArrayList<>();
  private final List<Small> small = new ArrayList<>();

  /** A tensor whose moments begin at such a code and such a block's scale. */
  private record Large(FlatView view, long code, long block) {}

  /** A tensor whose moments in F32 begin there. */
  private record Small(FlatView view, long at) {}

  AdamW8bit(List<FlatView> views, double decay, Device device) {
    if (device != Device.CPU) {
      throw new BadInput(
          "--optimizer adamw8bit: it computes on the CPU, and the model lies on "
              + device
              + "; give adamw or adafactor");
    }
    this.views = views;
    this.decay = decay;
    long codes = 0;
    long blocks = 0;
    long floats = 0;
    for (FlatView view : views) {
      if (view.count() < SMALLEST) {
        small.add(new Small(view, floats));
        floats += view.count();
      } else {
        large.add(new Large(view, codes, blocks));
        codes += view.count();
        blocks += blocks(view);
      }
    }
    try (Scope scope = Scope.open()) {
      for (String moment : List.of("mean", "square")) {
        put(scope, moment + ".code", DType.U8, codes);
        put(scope, moment + ".scale", DType.F32, blocks);
        put(scope, moment, DType.F32, floats);
      }
    }
  }

  private void put(Scope scope, String name, DType type, long size) {
    if (size > 0) {
      state.put("adam8bit." + name, scope.release(Tensor.zeros(type, size)));
    }
  }

  private static long blocks(FlatView view) {
    return Math.ceilDiv(view.count(), (long) BLOCK);
  }

  static long stateBytes(FlatView view) {
    return view.count() < SMALLEST ? 8 * view.count() : 2 * view.count() + 8 * blocks(view);
  }

  @Override
  public void step(Tensor parameters, Tensor gradient, long step, double rate) {
    try (Scope _ = Scope.open()) {
      Optimizer.decay(parameters, views, rate * decay);
      for (Small one : small) {
        AdamW.Moments moments = new AdamW.Moments(of("mean", one), of("square", one));
        AdamW.step(flat(one.view, parameters), flat(one.view, gradient), moments, step, rate);
      }
      for (Large one : large) {
        Blocks blocks =
            new Blocks(
                flat(one.view, parameters).segment(),
                flat(one.view, gradient).segment(),
                new Moment(Codebook.DYNAMIC, codes("mean", one), scales("mean", one)),
                new Moment(Codebook.UNSIGNED_DYNAMIC, codes("square", one), scales("square", one)),
                Rates.of(step, rate));
        long count = blocks(one.view);
        LongStream tasks = LongStream.range(0, Math.ceilDiv(count, (long) TASK));
        (Native.threads() > 1 ? tasks.parallel() : tasks)
            .forEach(task -> blocks.step(task * TASK, Math.min(count, (task + 1) * TASK)));
      }
    }
  }

  private Tensor of(String moment, Small one) {
    return part(moment, one.at, one.view.count());
  }

  private MemorySegment codes(String moment, Large one) {
    return part(moment + ".code", one.code, one.view.count()).segment();
  }

  private MemorySegment scales(String moment, Large one) {
    return part(moment + ".scale", one.block, blocks(one.view)).segment();
  }

  private Tensor part(String name, long from, long length) {
    return Objects.requireNonNull(state.get("adam8bit." + name)).narrow(0, from, length);
  }

  private static Tensor flat(FlatView view, Tensor vector) {
    return vector.narrow(0, view.offset(), view.count());
  }

  /** What a step multiplies with. */
  private record Rates(float rate, float root) {
    static Rates of(long step, double rate) {
      double correction1 = 1 - Math.pow(AdamW.BETA1, (double) step);
      double correction2 = 1 - Math.pow(AdamW.BETA2, (double) step);
      return new Rates((float) (rate / correction1), (float) Math.sqrt(correction2));
    }
  }

  /**
   * One moment of one tensor.
   *
   * @param codes a byte an element
   * @param scales F32, one a block
   */
  private record Moment(Codebook book, MemorySegment codes, MemorySegment scales) {
    float get(long element) {
      float scale = scales.getAtIndex(ValueLayout.JAVA_FLOAT, element / BLOCK);
      return book.value(codes.get(ValueLayout.JAVA_BYTE, element) & 0xFF) * scale;
    }

    void put(long from, float[] values, int count) {
      float largest = 0;
      for (int i = 0; i < count; i++) {
        largest = Math.max(largest, Math.abs(values[i]));
      }
      scales.setAtIndex(ValueLayout.JAVA_FLOAT, from / BLOCK, largest);
      for (int i = 0; i < count; i++) {
        float share = largest == 0 ? 0 : values[i] / largest;
        codes.set(ValueLayout.JAVA_BYTE, from + i, (byte) book.code(share));
      }
    }
  }

  /** One tensor's step, some blocks at a time; elements do not see each other. */
  private record Blocks(
      MemorySegment parameters, MemorySegment gradient, Moment mean, Moment square, Rates rates) {
    private static final float BETA1 = (float) AdamW.BETA1;
    private static final float BETA2 = (float) AdamW.BETA2;

    void step(long first, long end) {
      float[] means = new float[BLOCK];
      float[] squares = new float[BLOCK];
      long size = parameters.byteSize() / Float.BYTES;
      for (long block = first; block < end; block++) {
        long from = block * BLOCK;
        int count = (int) Math.min(BLOCK, size - from);
        for (int i = 0; i < count; i++) {
          float g = gradient.getAtIndex(ValueLayout.JAVA_FLOAT, from + i);
          means[i] = BETA1 * mean.get(from + i) + (1 - BETA1) * g;
          squares[i] = BETA2 * square.get(from + i) + (1 - BETA2) * g * g;
          float root = (float) Math.sqrt(squares[i]) / rates.root + (float) AdamW.EPSILON;
          float before = parameters.getAtIndex(ValueLayout.JAVA_FLOAT, from + i);
          parameters.setAtIndex(
              ValueLayout.JAVA_FLOAT, from + i, before - rates.rate * (means[i] / root));
        }
        mean.put(from, means, count);
        square.put(from, squares, count);
      }
    }
  }

  @Override
  public Map<String, Tensor> state() {
    return state;
  }

  @Override
  public void close() {
    state.values().forEach(Tensor::close);
  }
}
