package dev.palimpsest.tensor;

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

/** One layer's causal attention over a document (9 heads of 64, fp32), by its length. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
public class AttentionBenchmark {
  private static final double SCALE = 0.125;

  @Param({"64", "128", "256", "512", "2048"})
  public int tokens;

  private Tensor leaf;

  @Setup
  public void make() {
    Native.threads(Runtime.getRuntime().availableProcessors());
    leaf = RandomTensors.lasting(DType.F32, 1, 9, tokens, 64).requireGradient();
  }

  @TearDown
  public void free() {
    leaf.close();
  }

  @Benchmark
  public void forward() {
    WithoutGradients.run(() -> Functional.causalAttention(leaf, leaf, leaf, SCALE));
  }

  @Benchmark
  public void forwardAndBackward() {
    try (dev.palimpsest.tensor.Scope _ = dev.palimpsest.tensor.Scope.open()) {
      Tensor out = Functional.causalAttention(leaf, leaf, leaf, SCALE);
      out.backward(out.detach());
    }
  }
}
