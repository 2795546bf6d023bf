package dev.palimpsest.tensor;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One layer's attention of a decoding step (9 heads of 64 over 3, fp32). */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
public class DecodeAttentionBenchmark {
  private static final double SCALE = 0.125;
  private static final int CAPACITY = 1024;

  @Param({"1", "8", "32"})
  public int slots;

  @Param({"128", "512"})
  public int seen;

  private FloatRows q;
  private FloatRows output;
  private Tensor keys;
  private Tensor values;
  private DecodeAttention.Kept kept;
  private DecodeAttention attention;

  @Setup
  public void make() {
    Native.threads(Runtime.getRuntime().availableProcessors());
    q = new FloatRows(slots, 15 * 64);
    Arrays.fill(q.values(), 0.5f);
    output = new FloatRows(slots, 9 * 64);
    keys = RandomTensors.lasting(DType.F32, slots, CAPACITY, 3, 64);
    values = RandomTensors.lasting(DType.F32, slots, CAPACITY, 3, 64);
    int[] count = new int[slots];
    Arrays.fill(count, seen);
    kept = DecodeAttention.Kept.of(keys, values, CAPACITY);
    attention = new DecodeAttention(new int[slots], count);
  }

  @TearDown
  public void free() {
    keys.close();
    values.close();
  }

  @Benchmark
  public FloatRows attention() {
    attention.of(q, kept, SCALE, output);
    return output;
  }
}
