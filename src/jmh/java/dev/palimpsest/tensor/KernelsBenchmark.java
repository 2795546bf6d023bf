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

/**
 * What is done row by row between bf16 products: libtorch's operations, and the same in one pass on
 * the JDK's vectors. The engine uses the former until the latter have been seen to pay in it
 * (docs/log.md).
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class KernelsBenchmark {
  private static final int WIDTH = 576;
  private static final int HIDDEN = 1536;

  @Param({"1", "16", "512"})
  public int rows;

  private Tensor x;
  private Tensor weight;
  private Tensor narrow;
  private Tensor into;
  private Tensor unit;
  private Tensor inverse;
  private Tensor gateUp;
  private Tensor byHidden;
  private Tensor hidden;
  private Tensor byGateUp;
  private RmsNorm norm;

  @Setup
  public void make() {
    Native.threads(Runtime.getRuntime().availableProcessors());
    x = RandomTensors.lasting(DType.F32, rows, WIDTH);
    weight = RandomTensors.lasting(DType.F32, WIDTH);
    narrow = RandomTensors.lasting(DType.BF16, rows, WIDTH);
    into = RandomTensors.lasting(DType.F32, rows, WIDTH);
    unit = RandomTensors.lasting(DType.F32, rows, WIDTH);
    inverse = RandomTensors.lasting(DType.F32, rows, 1);
    gateUp = RandomTensors.lasting(DType.BF16, rows, 2 * HIDDEN);
    byHidden = RandomTensors.lasting(DType.BF16, rows, HIDDEN);
    hidden = RandomTensors.lasting(DType.BF16, rows, HIDDEN);
    byGateUp = RandomTensors.lasting(DType.BF16, rows, 2 * HIDDEN);
    norm = new RmsNorm(unit, inverse);
  }

  @TearDown
  public void free() {
    for (Tensor each :
        new Tensor[] {x, weight, narrow, into, unit, inverse, gateUp, byHidden, hidden, byGateUp}) {
      each.close();
    }
  }

  @Benchmark
  public void normOfLibtorch() {
    WithoutGradients.run(() -> RmsNorm.of(x, 1e-5).unit().times(weight).to(DType.BF16));
  }

  @Benchmark
  public void normOnVectors() {
    new NormKernel(WIDTH)
        .forward(
            new NormKernel.Addresses(
                address(x),
                0,
                0,
                address(weight),
                address(unit),
                address(inverse),
                address(narrow)),
            rows,
            1e-5);
  }

  @Benchmark
  public void normBackwardOfLibtorch() {
    WithoutGradients.run(() -> norm.addGradient(narrow.to(DType.F32), weight, into));
  }

  @Benchmark
  public void normBackwardOnVectors() {
    new NormKernel(WIDTH).backward(norm, narrow, weight, into);
  }

  @Benchmark
  public void gateOfLibtorch() {
    WithoutGradients.run(() -> Functional.silu(gate(gateUp)).timesInPlace(up(gateUp)));
  }

  @Benchmark
  public void gateOnVectors() {
    new GateKernel(HIDDEN).forward(gateUp, hidden);
  }

  @Benchmark
  public void gateBackwardOfLibtorch() {
    WithoutGradients.run(
        () -> {
          Functional.product(up(byGateUp), byHidden, Functional.silu(gate(gateUp)));
          Functional.siluBackward(gate(byGateUp), byHidden.times(up(gateUp)), gate(gateUp));
        });
  }

  @Benchmark
  public void gateBackwardOnVectors() {
    new GateKernel(HIDDEN).backward(gateUp, byHidden, byGateUp);
  }

  private static Tensor gate(Tensor both) {
    return both.narrow(1, 0, HIDDEN);
  }

  private static Tensor up(Tensor both) {
    return both.narrow(1, HIDDEN, HIDDEN);
  }

  private static long address(Tensor tensor) {
    return tensor.segment().address();
  }
}
