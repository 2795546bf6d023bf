package dev.palimpsest.tensor;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Matrix products at the shapes of SmolLM2-135M. */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@OutputTimeUnit(TimeUnit.SECONDS)
public class LinearBenchmark {
  /** Rows of the input: one stream, eight slots, a training pass. */
  @Param({"1", "8", "512"})
  public int rows;

  /** Width out and in: query, key and value; output; gate and up; down; head; a larger down. */
  @Param({"960x576", "576x576", "3072x576", "576x1536", "49152x576", "896x4864"})
  public String weight;

  @Param({"BF16", "F32"})
  public DType type;

  private Tensor x;
  private Tensor w;
  private long megaflop;

  /** Work done, which JMH gives a second. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Work {
    public long megaflop;

    @Setup(Level.Iteration)
    public void reset() {
      megaflop = 0;
    }
  }

  @Setup
  public void make() {
    Native.threads(Runtime.getRuntime().availableProcessors());
    long[] shape = {
      Long.parseLong(weight.substring(0, weight.indexOf('x'))),
      Long.parseLong(weight.substring(weight.indexOf('x') + 1))
    };
    x = RandomTensors.lasting(type, rows, shape[1]);
    w = RandomTensors.lasting(type, shape);
    megaflop = 2 * rows * shape[0] * shape[1] / 1_000_000;
  }

  @TearDown
  public void free() {
    x.close();
    w.close();
  }

  @Benchmark
  public void linear(Work work) {
    WithoutGradients.run(() -> Functional.linear(x, w));
    work.megaflop += megaflop;
  }
}
