package dev.palimpsest.merge;

import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.run.Memory;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * How far two models' logits are apart, in fp32, along the same two sequences of 32 tokens, whose
 * ids are drawn evenly from a fixed seed.
 */
record LogitCheck(double largestChange, double largestLogit) {
  private static final int SEQUENCES = 2;
  private static final int LENGTH = 32;

  /** Fails if a model would not fit into the machine's memory in fp32. */
  static void requireMemory(ModelConfig grown) {
    Footprint footprint = new Footprint(grown, Precision.FP32);
    Footprint.requireMemory(
        "running the grown model to hold its logits against the base's",
        Memory.machineBytes(),
        footprint.runningPeak(SEQUENCES * LENGTH, 1),
        Map.of("--check none", footprint.readingBytes()));
  }

  /** Between models of one vocabulary. */
  static LogitCheck between(Checkpoint base, Checkpoint grown) {
    return between(base, grown, base.config().vocabulary());
  }

  /**
   * Runs one model after the other, so that one is in memory at a time.
   *
   * @param tokens the first so many are looked at, in the sequences and among the logits
   */
  static LogitCheck between(Checkpoint base, Checkpoint grown, int tokens) {
    List<int[]> sequences = sequences(base.config(), tokens);
    float[] before = logits(base, sequences, tokens);
    float[] after = logits(grown, sequences, tokens);
    double change = 0;
    double largest = 0;
    for (int i = 0; i < before.length; i++) {
      change = Math.max(change, Math.abs((double) after[i] - before[i]));
      largest = Math.max(largest, Math.abs(before[i]));
    }
    return new LogitCheck(change, largest);
  }

  private static List<int[]> sequences(ModelConfig config, int tokens) {
    SplittableRandom random = new SplittableRandom(0);
    int length = Math.min(LENGTH, config.context());
    return Stream.generate(() -> random.ints(length, 0, tokens).toArray())
        .limit(SEQUENCES)
        .toList();
  }

  private static float[] logits(Checkpoint model, List<int[]> sequences, int tokens) {
    try (Scope _ = Scope.open();
        Decoder decoder =
            Decoder.load(model.config(), model.weights(), Precision.FP32, Device.CPU)) {
      return decoder
          .logits(AdaptedDecoder.base(decoder).hidden(Ragged.of(sequences)))
          .narrow(1, 0, tokens)
          .contiguous()
          .floats();
    }
  }
}
