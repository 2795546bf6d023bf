package dev.palimpsest.cli;

import dev.palimpsest.inspect.InspectJob;
import dev.palimpsest.merge.Dare;
import dev.palimpsest.merge.Intruders;
import dev.palimpsest.merge.Linear;
import dev.palimpsest.merge.MergeJob;
import dev.palimpsest.merge.MergeMethod;
import dev.palimpsest.merge.Slerp;
import dev.palimpsest.merge.Ties;
import dev.palimpsest.merge.Wise;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How changes become one, and what is written. */
final class MergeOptions {
  /** The settings of each method; another one's are refused. */
  private static final Map<String, Set<String>> SETTINGS =
      Map.of(
          "linear", Set.of(),
          "svd", Set.of("--rank"),
          "ties", Set.of("--density", "--scale"),
          "dare", Set.of("--drop", "--seed"),
          "slerp", Set.of("--weight"),
          "wise", Set.of("--weight"),
          "intruders", Set.of("--scale", "--top", "--epsilon"));

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
      names = "--method",
      defaultValue = "linear",
      description = "linear, svd, ties, dare, slerp, wise, intruders; default: ${DEFAULT-VALUE}")
  private String method = "linear";

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
    Set<String> own = SETTINGS.get(method);
    if (own == null) {
      throw new BadInput(
          "--method " + method + ": known are linear, svd, ties, dare, slerp, wise, intruders");
    }
    Map<String, @Nullable Object> settings = new LinkedHashMap<>();
    settings.put("--rank", rank);
    settings.put("--weight", weight);
    settings.put("--density", density);
    settings.put("--scale", scale);
    settings.put("--drop", drop);
    settings.put("--seed", seed);
    settings.put("--top", top);
    settings.put("--epsilon", epsilon);
    OwnSettings.require(method, own, settings);
    return made();
  }

  private MergeMethod made() {
    double share = Objects.requireNonNullElse(weight, 0.5);
    return switch (method) {
      case "linear" -> MergeMethod.of(new Linear());
      case "svd" -> {
        if (rank == null) {
          throw new BadInput("--method svd: give --rank; linear adds adapters as they are");
        }
        yield MergeMethod.svd(rank);
      }
      case "ties" ->
          MergeMethod.of(
              new Ties(
                  Objects.requireNonNullElse(density, 0.2),
                  Objects.requireNonNullElse(scale, 1.0)));
      case "dare" ->
          MergeMethod.of(
              new Dare(
                  Objects.requireNonNullElse(drop, 0.5), Objects.requireNonNullElse(seed, 0L)));
      case "intruders" -> {
        InspectJob inspection =
            new InspectJob(
                Objects.requireNonNullElse(top, 10), Objects.requireNonNullElse(epsilon, 0.5), 1);
        yield MergeMethod.of(
            new Intruders(Objects.requireNonNullElse(scale, 0.75), inspection::intruders));
      }
      case "slerp" -> MergeMethod.of(new Slerp(share));
      default -> MergeMethod.of(new Wise(share));
    };
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
