package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.RandomTensors;
import dev.palimpsest.tensor.Tensor;
import dev.palimpsest.tensor.TokenLogprobs;
import java.util.Collections;
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

/** A whole decoder forward, and its head with the loss; tokens a second. */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 1, time = 5)
@Measurement(iterations = 3, time = 5)
@OutputTimeUnit(TimeUnit.SECONDS)
public class DecoderBenchmark {
  private static final int HEAD_ROWS = 128;

  /** Length of the documents; 512 tokens of them go through at once. */
  @Param({"64", "512"})
  public int document;

  @Param({"BF16", "FP32"})
  public Precision precision;

  private Decoder decoder;
  private Ragged pack;
  private Tensor hidden;

  /** Work done, which JMH gives a second. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Work {
    public long tokens;

    @Setup(Level.Iteration)
    public void reset() {
      tokens = 0;
    }
  }

  @Setup
  public void make() {
    Native.threads(Runtime.getRuntime().availableProcessors());
    decoder = RandomModel.decoder(precision);
    pack = Ragged.of(Collections.nCopies(512 / document, RandomModel.document(document)));
    hidden = RandomTensors.lasting(DType.F32, HEAD_ROWS, decoder.config().width());
  }

  @TearDown
  public void free() {
    hidden.close();
    decoder.close();
  }

  @Benchmark
  public void forward(Work work) {
    try (dev.palimpsest.tensor.Scope _ = dev.palimpsest.tensor.Scope.open()) {
      Native.withoutGradients(() -> AdaptedDecoder.base(decoder).hidden(pack));
    }
    work.tokens += pack.rows();
  }

  /** Logits of one chunk of rows, their losses, and the gradient back through the head. */
  @Benchmark
  public void headAndLoss(Work work) {
    try (dev.palimpsest.tensor.Scope _ = dev.palimpsest.tensor.Scope.open()) {
      int[] labels = RandomModel.document(HEAD_ROWS);
      Native.withoutGradients(
          () -> {
            Tensor logits = decoder.logits(hidden);
            TokenLogprobs.backward(logits, labels);
            return decoder.backThroughHead(logits);
          });
    }
    work.tokens += HEAD_ROWS;
  }
}
