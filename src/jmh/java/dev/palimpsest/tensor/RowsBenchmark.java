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

/** What is done row by row between the matrix products, forward, at SmolLM2-135M's widths. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
public class RowsBenchmark {
  @Param({"8", "512"})
  public int rows;

  private Tensor stream;
  private Tensor norm;
  private Tensor heads;
  private Tensor angles;
  private Tensor gateUp;

  @Setup
  public void make() {
    Native.threads(Runtime.getRuntime().availableProcessors());
    stream = RandomTensors.lasting(DType.F32, rows, 576);
    norm = RandomTensors.lasting(DType.F32, 576);
    heads = RandomTensors.lasting(DType.F32, 9, rows, 64);
    angles = RandomTensors.lasting(DType.F32, rows, 64);
    gateUp = RandomTensors.lasting(DType.BF16, rows, 3072);
  }

  @TearDown
  public void free() {
    stream.close();
    norm.close();
    heads.close();
    angles.close();
    gateUp.close();
  }

  @Benchmark
  public void rmsNorm() {
    WithoutGradients.run(() -> Functional.rmsNorm(stream, norm, 1e-5));
  }

  @Benchmark
  public void rope() {
    WithoutGradients.run(() -> Functional.rope(heads, angles, angles));
  }

  @Benchmark
  public void swiGlu() {
    WithoutGradients.run(
        () -> Functional.silu(gateUp.narrow(1, 0, 1536)).times(gateUp.narrow(1, 1536, 1536)));
  }
}
