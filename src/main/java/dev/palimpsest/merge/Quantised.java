package dev.palimpsest.merge;

import dev.palimpsest.model.GgufFileType;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What quantising costs.
 *
 * @param type of the file
 * @param bytes of all tensors
 * @param relativeError all tensors as one long vector
 * @param adapter what is left of its change; null where there is none
 * @param advice what to do with it; null where there is none
 * @param model the file that was written, if one was
 * @param adapterApart the adapter's own file, if it was kept apart
 */
public record Quantised(
    String type,
    long parameters,
    long bytes,
    double bitsPerWeight,
    double relativeError,
    List<QuantisedTensor> tensors,
    @Nullable Survival adapter,
    @Nullable Advice advice,
    @Nullable String model,
    @Nullable String adapterApart) {
  /** The file of the model in a folder. */
  static final String MODEL = "model.gguf";

  /** The file of an adapter beside it. */
  static final String ADAPTER = "adapter.gguf";

  /** A share of a change that counts as all of it. */
  private static final double WHOLE = 0.9;

  private static final int SHOWN = 5;

  /** Copies the list. */
  public Quantised {
    tensors = List.copyOf(tensors);
  }

  /** What to do with an adapter. */
  public enum Advice {
    MERGE("merge it: its change survives either way"),
    MERGE_FIRST(
        "merge it into this model and quantise once; never into the quantised file, where it is"
            + " lost"),
    KEEP_APART(
        "keep it apart, over the quantised model; or merge it into the weights from which this"
            + " model was quantised, and quantise once");

    private final String text;

    Advice(String text) {
      this.text = text;
    }

    private static Advice of(Survival survival) {
      if (survival.once().share() < WHOLE) {
        return KEEP_APART;
      }
      return survival.again().share() < WHOLE ? MERGE_FIRST : MERGE;
    }
  }

  static Quantised of(
      GgufFileType type,
      List<QuantisedTensor> tensors,
      double relativeError,
      Optional<Survival> survival) {
    long parameters = tensors.stream().mapToLong(QuantisedTensor::elements).sum();
    long bytes = tensors.stream().mapToLong(QuantisedTensor::bytes).sum();
    return new Quantised(
        type.name(),
        parameters,
        bytes,
        8.0 * bytes / parameters,
        relativeError,
        tensors,
        survival.orElse(null),
        survival.map(Advice::of).orElse(null),
        null,
        null);
  }

  Quantised in(Path file, Optional<Path> apart) {
    return new Quantised(
        type,
        parameters,
        bytes,
        bitsPerWeight,
        relativeError,
        tensors,
        adapter,
        advice,
        file.toString(),
        apart.map(Path::toString).orElse(null));
  }

  /** What is left of the adapter when it is merged into the model as it is; 1 without one. */
  double share() {
    return adapter == null ? 1 : adapter.once().share();
  }

  /** For people. */
  public String text() {
    return Stream.concat(Stream.of(cost()), left().stream())
        .collect(Collectors.joining(System.lineSeparator()));
  }

  private String cost() {
    String worst =
        tensors.stream()
            .sorted(Comparator.comparingDouble(QuantisedTensor::relativeError).reversed())
            .limit(SHOWN)
            .map(
                each ->
                    "%n  %.4f  %s  %s to %s"
                        .formatted(
                            each.relativeError(), each.name(), each.storedType(), each.type()))
            .collect(Collectors.joining());
    return "%s: %.1f million weights, %.2f bits each, %.1f MB; relative error %.4f, the largest:%s"
        .formatted(type, parameters / 1e6, bitsPerWeight, bytes / 1e6, relativeError, worst);
  }

  private Optional<String> left() {
    if (adapter == null || advice == null) {
      return Optional.empty();
    }
    String modules =
        adapter.modules().stream()
            .sorted(Comparator.comparingDouble(each -> each.again().share()))
            .limit(SHOWN)
            .map(
                each ->
                    "%n  %.3f  %.3f  %s, %.4f of the weight's norm"
                        .formatted(
                            each.once().share(),
                            each.again().share(),
                            each.name(),
                            each.relativeNorm()))
            .collect(Collectors.joining());
    return Optional.of(
        """
        the adapter's change: share that survives, and the grid's noise over its norm
          %.3f         kept apart
          %.3f  %6.2f  merged into this model, quantised once
          %.3f  %6.2f  merged into the quantised model, quantised again
        once, again; the least of %d modules:%s
        %s\
        """
            .formatted(
                1.0,
                adapter.once().share(),
                adapter.once().error(),
                adapter.again().share(),
                adapter.again().error(),
                adapter.modules().size(),
                modules,
                advice.text));
  }
}
