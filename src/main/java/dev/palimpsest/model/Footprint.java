package dev.palimpsest.model;

import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.tensor.PackedMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * What a model takes of the machine's memory, by arithmetic alone (docs/decisions/memory.md has the
 * formulas and what they were held against). All results are bytes.
 */
public record Footprint(ModelConfig config, Precision precision) {
  /** Java, libtorch, tokenizer, and what libtorch's allocator has not given back. */
  private static final long PROCESS = 550_000_000;

  /** Parameters, gradient, two moments, and one more while they are moved. */
  private static final int FLOATS_A_PARAMETER = 5;

  private int products() {
    return precision.products().bytes();
  }

  /** The weights between products. */
  public long weightBytes() {
    long bytes = tiedHeadBytes();
    for (Map.Entry<String, long[]> tensor : ModelTensors.shapes(config).entrySet()) {
      long[] shape = tensor.getValue();
      bytes +=
          switch (tensor.getKey()) {
            case ModelTensors.EMBEDDING, ModelTensors.HEAD -> shape[0] * shape[1] * products();
            default ->
                shape.length == 1
                    ? shape[0] * Float.BYTES
                    : precision.format().bytes(shape[0], shape[1], precision.products());
          };
    }
    return bytes;
  }

  /** A tied head that is laid out for its products lies beside the embedding. */
  private long tiedHeadBytes() {
    return config.tiedHead() && packs()
        ? (long) config.vocabulary() * config.width() * products()
        : 0;
  }

  private boolean packs() {
    return PackedMatrix.pays(precision.products());
  }

  /** What comes beside the weights while they are read: a tensor as stored and as fp32. */
  public long readingBytes() {
    return 2 * Float.BYTES * largest();
  }

  /** Numbers of the largest tensor. */
  private long largest() {
    return ModelTensors.shapes(config).values().stream()
        .mapToLong(shape -> shape.length == 1 ? shape[0] : shape[0] * shape[1])
        .max()
        .orElseThrow();
  }

  /** How many numbers an adapter trains. */
  public long trainedParameters(AdapterConfig adapter) {
    return adapter.modules(config).entrySet().stream()
        .mapToLong(
            module ->
                adapter.rank(module.getKey()) * (module.getValue().in() + module.getValue().out()))
        .sum();
  }

  /** Factors, their gradient, AdamW's moments, and the factors joined for the products. */
  public long adapterBytes(AdapterConfig adapter) {
    return FLOATS_A_PARAMETER * Float.BYTES * trainedParameters(adapter)
        + products() * joinedParameters(adapter);
  }

  /** The joined B of a projection is mostly zeros: its modules' lie along the diagonal. */
  private long joinedParameters(AdapterConfig adapter) {
    long joined = 0;
    for (int layer = 0; layer < config.layers(); layer++) {
      for (List<String> modules : PROJECTIONS) {
        long ranks = 0;
        long out = 0;
        long in = 0;
        for (String module : modules) {
          String name = "model.layers." + layer + "." + module;
          ModelTensors.Linear linear = ModelTensors.linear(config, module);
          ranks += adapter.targets().matches(name) ? adapter.rank(name) : 0;
          out += linear.out();
          in = linear.in();
        }
        joined += ranks * (in + out);
      }
    }
    return joined;
  }

  private static final List<List<String>> PROJECTIONS =
      List.of(
          List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
          List.of("self_attn.o_proj"),
          List.of("mlp.gate_proj", "mlp.up_proj"),
          List.of("mlp.down_proj"));

  /**
   * A pass forward and backward through frozen blocks ({@link FrozenDecoder}).
   *
   * @param rows of the pass
   */
  public long passBytes(int rows) {
    long ofBlock = FrozenBlock.keptBytes(config, precision.products());
    long kept =
        rows <= FrozenDecoder.MOST_KEPT_ROWS
            ? config.layers() * ofBlock
            : config.layers() * (long) config.width() * Float.BYTES + ofBlock;
    return rows * (kept + temporaries()) + denseBytes() + headBytes();
  }

  /** Of one row: what a block's way back has at once beside what is kept. */
  private long temporaries() {
    long queries = (long) config.heads() * config.headWidth();
    long all = queries + 2L * config.keyValueHeads() * config.headWidth();
    return Float.BYTES * (4L * config.width() + 3 * all) + products() * 5L * config.feedForward();
  }

  /** The largest projection, made plain. */
  private long denseBytes() {
    if (!precision.quantised() && !packs()) {
      return 0;
    }
    long widest = Math.max(2L * config.feedForward(), (long) config.heads() * config.headWidth());
    return widest * config.width() * products();
  }

  private long headBytes() {
    return Decoder.HEAD_ROWS * (long) config.vocabulary() * (2L * Float.BYTES + products());
  }

  /** The most that scoring and answering take, whose passes keep nothing. */
  public long runningPeak(int rows) {
    return PROCESS
        + weightBytes()
        + Math.max(readingBytes(), rows * temporaries() + denseBytes() + headBytes());
  }

  /** The most that a run takes which trains an adapter over frozen weights. */
  public long tuningPeak(AdapterConfig adapter, int rows) {
    return PROCESS
        + weightBytes()
        + Math.max(readingBytes(), adapterBytes(adapter) + passBytes(rows));
  }

  /**
   * Refuses what would not fit.
   *
   * @param what would be done, as the message's subject
   * @param machineBytes of memory; 0 if not known
   * @param peak of the same in any precision
   * @throws EnvironmentFailure naming the prediction, the machine's memory, and what would fit
   */
  public static void requireMemory(
      String what, Precision asked, long machineBytes, ToLongFunction<Precision> peak) {
    if (machineBytes == 0 || peak.applyAsLong(asked) <= machineBytes) {
      return;
    }
    List<String> fitting = new ArrayList<>();
    for (Precision other : Precision.values()) {
      long bytes = peak.applyAsLong(other);
      if (bytes <= machineBytes) {
        fitting.add("--dtype %s would take %s".formatted(word(other), gigabytes(bytes)));
      }
    }
    throw new EnvironmentFailure(
        "%s would take about %s of memory in %s, this machine has %s: %s"
            .formatted(
                what,
                gigabytes(peak.applyAsLong(asked)),
                word(asked),
                gigabytes(machineBytes),
                fitting.isEmpty()
                    ? "not even --dtype nf4 fits (%s), take a smaller model"
                        .formatted(gigabytes(peak.applyAsLong(Precision.NF4)))
                    : String.join(", ", fitting)));
  }

  private static String word(Precision precision) {
    return precision.name().toLowerCase(Locale.ROOT);
  }

  private static String gigabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
  }
}
