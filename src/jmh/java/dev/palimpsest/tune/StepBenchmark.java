package dev.palimpsest.tune;

import dev.palimpsest.data.Example;
import dev.palimpsest.model.AdapterConfig;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.RandomModel;
import dev.palimpsest.model.TargetModules;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Native;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
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

/** One step of LoRA r=16 on all linear layers, labels on the second half; tokens a second. */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 1, time = 5)
@Measurement(iterations = 3, time = 5)
@OutputTimeUnit(TimeUnit.SECONDS)
public class StepBenchmark {
  private static final int PASS_ROWS = 512;

  /** Length of the documents; a step has 1,024 tokens of them. */
  @Param({"128", "512"})
  public int document;

  @Param({"BF16", "FP32"})
  public Precision precision;

  private Decoder decoder;
  private LoraParameters trained;
  private Training training;
  private List<Example> examples;
  private long step;

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
    boolean[] label = new boolean[document];
    Arrays.fill(label, document / 2, document, true);
    Example example = new Example("random", RandomModel.document(document), label);
    examples = Collections.nCopies(1024 / document, example);
    decoder = RandomModel.decoder(precision);
    AdapterConfig lora = AdapterConfig.lora(16, 32, TargetModules.allLinear());
    trained = LoraParameters.fresh(FactorLayout.of(lora, decoder.config()), decoder, new Seeds(1));
    training =
        new Training(
            settings(),
            new CrossEntropy(),
            new TrainedAdapter(lora, decoder, trained, 1),
            new Training.Extent(Integer.MAX_VALUE, PASS_ROWS));
  }

  private TuneSettings settings() {
    return new TuneSettings(
        examples.size(),
        1,
        1e-6,
        Schedule.LINEAR,
        0,
        1,
        "adamw",
        0,
        new TuneSettings.Length(OptionalInt.empty(), 1),
        new TuneSettings.Saving(0, 0, 0),
        1);
  }

  @TearDown
  public void free() {
    training.close();
    trained.close();
    decoder.close();
  }

  @Benchmark
  public void step(Work work) {
    work.tokens += training.step(step++, examples).tokens();
  }
}
