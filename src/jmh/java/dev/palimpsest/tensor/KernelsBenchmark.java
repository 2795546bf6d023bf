package dev.palimpsest.tensor;

import dev.palimpsest.tensor.VectorAttention.Angles;
import dev.palimpsest.tensor.VectorAttention.Attended;
import dev.palimpsest.tensor.VectorAttention.Document;
import dev.palimpsest.tensor.VectorAttention.Heads;
import dev.palimpsest.tensor.VectorAttention.Inputs;
import dev.palimpsest.tensor.VectorAttention.Span;
import java.util.List;
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
 * What a training pass computes between bf16 products, at SmolLM2-135M's widths: on the JDK's
 * vectors, and the same by libtorch's operations (docs/decisions/vectors.md).
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
  private static final Heads HEADS = new Heads(9, 3, 64, 0.125, 0);

  @Param({"64", "200", "512"})
  public int rows;

  private Tensor x;
  private Tensor weight;
  private Tensor gradient;
  private Tensor gateUp;
  private Tensor byHidden;
  private Tensor heads;
  private Tensor byHeads;
  private Tensor output;
  private Tensor angles;

  @Setup
  public void make() {
    Native.threads(Runtime.getRuntime().availableProcessors());
    x = RandomTensors.lasting(DType.F32, rows, WIDTH);
    weight = RandomTensors.lasting(DType.F32, WIDTH);
    gradient = RandomTensors.lasting(DType.BF16, rows, WIDTH);
    gateUp = RandomTensors.lasting(DType.BF16, rows, 2 * HIDDEN);
    byHidden = RandomTensors.lasting(DType.BF16, rows, HIDDEN);
    heads = RandomTensors.lasting(DType.BF16, rows, 15, 64);
    byHeads = RandomTensors.lasting(DType.BF16, rows, 15, 64);
    output = RandomTensors.lasting(DType.BF16, rows, 9, 64);
    angles = RandomTensors.lasting(DType.F32, rows, 1, 64);
  }

  @TearDown
  public void free() {
    List.of(x, weight, gradient, gateUp, byHidden, heads, byHeads, output, angles)
        .forEach(Tensor::close);
  }

  /** Forward, and the gradient. */
  @Benchmark
  public void normOnVectors() {
    WithoutGradients.run(
        () -> {
          RmsNorm norm = RmsNorm.of(x, weight, 1e-5, DType.BF16).norm();
          norm.addGradient(gradient, weight, Tensor.empty(DType.F32, rows, WIDTH));
        });
  }

  /** Forward alone. */
  @Benchmark
  public void normOfLibtorch() {
    WithoutGradients.run(() -> Functional.rmsNorm(x, weight, 1e-5).to(DType.BF16));
  }

  @Benchmark
  public void gateOnVectors() {
    WithoutGradients.run(
        () -> {
          GatedUnit.SWIGLU.forward(gateUp);
          GatedUnit.SWIGLU.backward(gateUp, byHidden);
        });
  }

  @Benchmark
  public void gateOfLibtorch() {
    WithoutGradients.run(
        () -> {
          Tensor gate = gateUp.narrow(1, 0, HIDDEN);
          Tensor up = gateUp.narrow(1, HIDDEN, HIDDEN);
          Tensor activated = Functional.silu(gate);
          Tensor _ = activated.times(up);
          Tensor by = Tensor.empty(DType.BF16, rows, 2 * HIDDEN);
          Functional.product(by.narrow(1, HIDDEN, HIDDEN), byHidden, activated);
          Functional.siluBackward(by.narrow(1, 0, HIDDEN), byHidden.times(up), gate);
        });
  }

  /** Forward and gradient from the projection's outputs to the gradient by them. */
  @Benchmark
  public void attentionOnVectors() {
    WithoutGradients.run(
        () -> {
          VectorAttention attention =
              new VectorAttention(HEADS, List.of(new Document(List.of(), new Span(0, rows))));
          Angles turned = new Angles(angles, angles);
          Inputs inputs = parts(heads);
          Tensor made = Tensor.empty(DType.BF16, rows, 9, 64);
          Attended attended = attention.forward(inputs, turned, made);
          attention.backward(inputs, turned, attended, output, parts(byHeads));
        });
  }

  private static Inputs parts(Tensor all) {
    return new Inputs(all.narrow(1, 0, 9), all.narrow(1, 9, 3), all.narrow(1, 12, 3));
  }

  /** The same in fp32 tiles of what is rotated, without the copies before and after. */
  @Benchmark
  public void attentionOfLibtorch() {
    WithoutGradients.run(
        () -> {
          Tensor wide = heads.to(DType.F32);
          Tensor q = Functional.rope(wide.narrow(1, 0, 9), angles, angles);
          Tensor k = Functional.rope(wide.narrow(1, 9, 3), angles, angles);
          FlashAttention pass =
              FlashAttention.of(grouped(q), shared(k), shared(wide.narrow(1, 12, 3)), null, 0.125);
          pass.backward(pass.output());
        });
  }

  private Tensor grouped(Tensor heads) {
    return heads.view(rows, 3, 3, 64).permute(1, 2, 0, 3);
  }

  private Tensor shared(Tensor heads) {
    return heads.permute(1, 0, 2).unsqueeze(1).expand(3, 3, rows, 64);
  }
}
