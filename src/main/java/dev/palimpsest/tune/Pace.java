package dev.palimpsest.tune;

import dev.palimpsest.data.Example;
import dev.palimpsest.model.Decoder;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.LongSupplier;

/** How fast this process's steps go. */
final class Pace {
  private final LongSupplier nanoTime;
  private final long began;
  private final Decoder decoder;
  private final Flops flops;
  private long tokens;
  private double operations;
  private double seconds;

  /** Begins now. */
  Pace(LongSupplier nanoTime, Trained trained) {
    this.nanoTime = nanoTime;
    this.began = nanoTime.getAsLong();
    this.decoder = trained.decoder().decoder();
    this.flops = Flops.of(trained);
  }

  /** Adds a step. */
  void add(List<Example> examples) {
    Flops.Work work = flops.work(examples);
    tokens += work.tokens();
    operations += flops.forwardAndBackward(work);
  }

  /** From the beginning to now. */
  double seconds() {
    seconds = (nanoTime.getAsLong() - began) / 1e9;
    return seconds;
  }

  /** Until {@link #seconds} was asked for last. */
  double tokensPerSecond() {
    return tokens / seconds;
  }

  /** Of what the machine's matrix product reaches; empty where there was no step. */
  OptionalDouble gemmPeakShare() {
    return operations > 0 && seconds > 0
        ? OptionalDouble.of(operations / seconds / GemmPeak.of(decoder))
        : OptionalDouble.empty();
  }
}
