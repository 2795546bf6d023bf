package dev.palimpsest.cli;

import dev.palimpsest.compare.MergeReader;
import dev.palimpsest.inspect.InspectJob;
import dev.palimpsest.merge.MergeJob;
import dev.palimpsest.merge.MergeMethod;
import dev.palimpsest.merge.MethodSettings;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How changes become one, and what is written. */
final class MergeOptions {
  /** What is written. */
  enum Product {
    MODEL,
    ADAPTER
  }

  /** Types of stored weights. */
  enum Stored {
    FP32(DType.F32),
    BF16(DType.BF16),
    FP16(DType.F16);

    final DType type;

    Stored(DType type) {
      this.type = type;
    }
  }

  @Option(
      names = "--config",
      description = "YAML: a method, its settings, and rules for some modules; the call wins")
  private @Nullable Path config;

  @Option(
      names = "--method",
      description = "linear, svd, ties, dare, slerp, wise, intruders; default: linear")
  private @Nullable String method;

  @Option(names = "--rank", description = "svd: of the adapters' sum")
  private @Nullable Integer rank;

  @Option(names = "--weight", description = "wise, slerp: 0 is the base, 1 the tuned; default: 0.5")
  private @Nullable Double weight;

  @Option(names = "--density", description = "ties: share of entries that is kept; default: 0.2")
  private @Nullable Double density;

  @Option(
      names = "--scale",
      description = "ties: on the result; default: 1. intruders: of each; default: 0.75")
  private @Nullable Double scale;

  @Option(names = "--drop", description = "dare: share of entries that is dropped; default: 0.5")
  private @Nullable Double drop;

  @Option(names = "--seed", description = "dare: of its draws; default: 0")
  private @Nullable Long seed;

  @Option(names = "--top", description = "intruders: among so many directions; default: 10")
  private @Nullable Integer top;

  @Option(names = "--epsilon", description = "intruders: largest cosine; default: 0.5")
  private @Nullable Double epsilon;

  @Option(names = "--as", defaultValue = "model", description = "model or adapter; default: model")
  private Product product = Product.MODEL;

  @Option(
      names = "--dtype",
      description = "of the output: fp32, bf16, fp16; default: the base's, fp32 if it is quantised")
  private @Nullable Stored type;

  MergeMethod method() {
    Map<String, Number> settings = new LinkedHashMap<>();
    put(settings, "rank", rank);
    put(settings, "weight", weight);
    put(settings, "density", density);
    put(settings, "scale", scale);
    put(settings, "drop", drop);
    put(settings, "seed", seed);
    put(settings, "top", top);
    put(settings, "epsilon", epsilon);
    MethodSettings call = new MethodSettings(Optional.ofNullable(method), settings);
    MethodSettings.Finding finding = (among, below) -> new InspectJob(among, below, 1)::intruders;
    return config == null ? call.made(finding) : MergeReader.read(config).made(call, finding);
  }

  private static void put(Map<String, Number> settings, String name, @Nullable Number value) {
    if (value != null) {
      settings.put(name, value);
    }
  }

  MergeJob.Form form() {
    if (product == Product.MODEL) {
      return new MergeJob.Form.Model(Optional.ofNullable(type).map(each -> each.type));
    }
    if (type != null) {
      throw new BadInput("--dtype: an adapter's factors are written in fp32");
    }
    return new MergeJob.Form.PlainAdapter();
  }
}
