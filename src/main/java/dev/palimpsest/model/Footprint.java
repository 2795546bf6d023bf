package dev.palimpsest.model;

import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.PackedMatrix;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * What a model takes of the machine's memory, by arithmetic alone (docs/decisions/memory.md has the
 * formulas and what they were held against). All results are bytes.
 */
public record Footprint(ModelConfig config, Precision precision) {
  /** Java, libtorch, tokenizer, and what libtorch's allocator has not given back. */
  private static final long PROCESS = 550_000_000;

  /** What a training pass keeps at most, unless its longest example needs more. */
  private static final long KEPT = 450_000_000;

  /** The same on a GPU, which a pass of few rows leaves idle. */
  private static final long KEPT_THERE = 2_000_000_000;

  private static final long MOST_ROWS_THERE = 16_384;

  /** Fewest rows of a training pass that is full. */
  public static final int LEAST_ROWS = 512;

  /** Parameters, gradient, two moments, and one more while they are moved. */
  private static final int FLOATS_A_PARAMETER = 5;

  /** Of a model as it was loaded. */
  public static Footprint of(Decoder decoder) {
    return new Footprint(decoder.config(), decoder.precision());
  }

  private int products() {
    return precision.products().bytes();
  }

  /** Bytes of a weight that is not quantised. */
  private int plain() {
    return precision.weights().bytes();
  }

  /** The weights between products. */
  public long weightBytes() {
    long bytes = tiedHeadBytes();
    for (Map.Entry<String, long[]> tensor : ModelTensors.shapes(config).entrySet()) {
      long[] shape = tensor.getValue();
      bytes +=
          switch (tensor.getKey()) {
            case ModelTensors.EMBEDDING, ModelTensors.HEAD -> shape[0] * shape[1] * plain();
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
    return config.tiedHead() && packs() ? (long) config.vocabulary() * config.width() * plain() : 0;
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

  /**
   * Factors, their gradient, AdamW's moments, the factors joined for the products, and the blocks'
   * weights for the way back.
   */
  public long adapterBytes(AdapterConfig adapter) {
    return FLOATS_A_PARAMETER * Float.BYTES * trainedParameters(adapter)
        + products() * joinedParameters(adapter)
        + (laysOutBack() ? plain() * blockWeights() : 0);
  }

  /**
   * Whether weights under an adapter are kept in two layouts, forward and back: where the second
   * takes no more than half of what a pass may keep.
   */
  boolean laysOutBack() {
    return packs() && !precision.quantised() && plain() * blockWeights() <= KEPT / 2;
  }

  /** Rows of so many tokens in embedding and head, as they train. */
  public long rowBytes(int tokens) {
    return FLOATS_A_PARAMETER * Float.BYTES * 2L * tokens * config.width();
  }

  /** Factors that stay as they are, and the same joined. */
  public long frozenBytes(AdapterConfig adapter) {
    return Float.BYTES * trainedParameters(adapter) + products() * joinedParameters(adapter);
  }

  /** The joined B of a projection is mostly zeros: its modules' lie along the diagonal. */
  private long joinedParameters(AdapterConfig adapter) {
    Set<String> changed = adapter.modules(config).keySet();
    long joined = 0;
    for (int layer = 0; layer < config.layers(); layer++) {
      for (List<String> modules : PROJECTIONS) {
        long ranks = 0;
        long out = 0;
        long in = 0;
        for (String module : modules) {
          String name = "model.layers." + layer + "." + module;
          ModelTensors.Linear linear = ModelTensors.linear(config, module);
          ranks += changed.contains(name) ? adapter.rank(name) : 0;
          out += linear.out();
          in = linear.in();
        }
        joined += ranks * (in + out);
      }
    }
    return adapter.targets().matches(ModelTensors.HEAD_MODULE)
        ? joined
            + adapter.rank(ModelTensors.HEAD_MODULE) * ((long) config.vocabulary() + config.width())
        : joined;
  }

  private static final List<List<String>> PROJECTIONS =
      List.of(
          List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
          List.of("self_attn.o_proj"),
          List.of("mlp.gate_proj", "mlp.up_proj"),
          List.of("mlp.down_proj"));

  /**
   * Rows of a training pass. Its thousands of small operations take as long whatever their number,
   * so that it has as many as memory allows.
   */
  public int passRows() {
    long row = config.layers() * FrozenBlock.keptBytes(config, precision.products());
    return Math.toIntExact(Math.clamp(KEPT / row, LEAST_ROWS, FrozenDecoder.MOST_KEPT_ROWS));
  }

  /** The same of a decoder where it lies. */
  public static int passRows(Decoder decoder) {
    Footprint footprint = of(decoder);
    if (decoder.device() == Device.CPU) {
      return footprint.passRows();
    }
    ModelConfig config = footprint.config;
    long row = config.layers() * FrozenBlock.keptBytes(config, footprint.precision.products());
    return Math.toIntExact(
        Math.clamp(KEPT_THERE / row, FrozenDecoder.MOST_KEPT_ROWS, MOST_ROWS_THERE));
  }

  /**
   * The costliest pass forward and backward ({@link FrozenDecoder}) of up to so many rows: past
   * some, blocks are computed again, which takes less than the longest pass that keeps all.
   *
   * @param rows of the longest pass
   */
  public long passBytes(int rows) {
    return Math.max(bytesOfPass(Math.min(rows, FrozenDecoder.MOST_KEPT_ROWS)), bytesOfPass(rows));
  }

  /** A pass of exactly so many rows. */
  public long bytesOfPass(int rows) {
    long ofBlock = FrozenBlock.keptBytes(config, precision.products());
    long kept =
        rows <= FrozenDecoder.MOST_KEPT_ROWS
            ? config.layers() * ofBlock
            : config.layers() * (long) config.width() * Float.BYTES
                + ofBlock
                + FrozenBlock.inputBytes(config, precision.products())
                + forwardTemporaries();
    return rows * (kept + temporaries()) + denseBytes() + headBytes();
  }

  /** What DoRA keeps beside: every projection's output before its gains. */
  public long unscaledBytes(int rows) {
    long queries = (long) config.heads() * config.headWidth();
    long keys = (long) config.keyValueHeads() * config.headWidth();
    long out = queries + 2 * keys + 2L * config.width() + 2L * config.feedForward();
    return (long) Math.min(rows, FrozenDecoder.MOST_KEPT_ROWS) * config.layers() * out * products();
  }

  /**
   * A pass by libtorch's graph ({@link AutogradDecoder}), which keeps all blocks' rows, and each
   * matrix that had to be made plain.
   */
  public long graphBytes(int rows) {
    long ofBlock =
        FrozenBlock.keptBytes(config, precision.products())
            + FrozenBlock.inputBytes(config, precision.products());
    return rows * (config.layers() * ofBlock + temporaries())
        + (precision.quantised() || packs() ? products() * blockWeights() : 0)
        + headBytes();
  }

  /** Numbers of the blocks' matrices. */
  private long blockWeights() {
    return ModelTensors.shapes(config).entrySet().stream()
        .filter(tensor -> tensor.getKey().startsWith("model.layers."))
        .filter(tensor -> tensor.getValue().length == 2)
        .mapToLong(tensor -> FlatView.elements(tensor.getValue()))
        .sum();
  }

  /** Of one row: what a block's way back has at once beside what is kept. */
  private long temporaries() {
    long queries = (long) config.heads() * config.headWidth();
    long all = queries + 2L * config.keyValueHeads() * config.headWidth();
    return Float.BYTES * (4L * config.width() + 3 * all) + products() * 6L * config.feedForward();
  }

  /** Of one row: what a block that is computed again still has when its way back begins. */
  private long forwardTemporaries() {
    long queries = (long) config.heads() * config.headWidth();
    long keys = (long) config.keyValueHeads() * config.headWidth();
    return Float.BYTES * (2L * config.width() + queries + keys)
        + products() * (2L * config.width() + queries + 2 * keys);
  }

  /** The largest projection, made plain. */
  private long denseBytes() {
    if (!precision.quantised() && !packs()) {
      return 0;
    }
    long widest = Math.max(2L * config.feedForward(), (long) config.heads() * config.headWidth());
    return widest * config.width() * products();
  }

  /** Logits of some rows, and another model's beside them. */
  private long headBytes() {
    return Decoder.HEAD_ROWS * (long) config.vocabulary() * 2 * products();
  }

  /**
   * The most that scoring and answering take, whose passes keep nothing.
   *
   * @param passes of so many rows at a time
   */
  public long runningPeak(int rows, int passes) {
    long pass = rows * temporaries() + denseBytes() + headBytes();
    return PROCESS + weightBytes() + Math.max(readingBytes(), passes * pass);
  }

  /**
   * The most that a training run takes.
   *
   * @param trained bytes of what trains, its gradient and the optimiser's state among them
   * @param pass bytes of the costliest pass
   */
  public long tuningPeak(long trained, long pass) {
    return PROCESS + weightBytes() + Math.max(readingBytes(), trained + pass);
  }

  /**
   * Refuses what would not fit.
   *
   * @param what would be done, as the message's subject
   * @param machineBytes of memory; 0 if not known
   * @param needed at the peak
   * @param others that take something else, by the words to ask for them
   * @throws EnvironmentFailure naming the prediction, the machine's memory, and what would fit
   */
  public static void requireMemory(
      String what, long machineBytes, long needed, Map<String, Long> others) {
    if (machineBytes == 0 || needed <= machineBytes) {
      return;
    }
    List<String> fitting =
        others.entrySet().stream()
            .filter(other -> other.getValue() <= machineBytes)
            .map(other -> other.getKey() + " would take " + gigabytes(other.getValue()))
            .toList();
    throw new EnvironmentFailure(
        "%s would take about %s of memory, this machine has %s: %s"
            .formatted(
                what,
                gigabytes(needed),
                gigabytes(machineBytes),
                fitting.isEmpty() ? noneFits(others) : String.join(", ", fitting)));
  }

  private static String noneFits(Map<String, Long> others) {
    return others.entrySet().stream()
            .min(Map.Entry.comparingByValue())
            .map(
                least ->
                    "not even %s fits (%s), "
                        .formatted(least.getKey(), gigabytes(least.getValue())))
            .orElse("")
        + "take a smaller model";
  }

  /** What a peak would be in each precision, by the option that asks for it. */
  public static Map<String, Long> byPrecision(
      Collection<Precision> precisions, ToLongFunction<Precision> peak) {
    Map<String, Long> peaks = new LinkedHashMap<>();
    precisions.forEach(each -> peaks.put("--dtype " + word(each), peak.applyAsLong(each)));
    return peaks;
  }

  /** What {@code --dtype} calls it. */
  public static String word(Precision precision) {
    return precision.name().toLowerCase(Locale.ROOT);
  }

  private static String gigabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
  }
}
