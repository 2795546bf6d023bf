package dev.palimpsest.tune;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.FlatView;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What a user asks for against forgetting that hangs on the parameters alone; {@code run.json}
 * holds it.
 *
 * @param l2ToStart λ of {@link L2ToStart}; 0 for none
 * @param ewc elastic weight consolidation
 * @param orthogonal earlier adapters whose directions are kept out of
 */
public record Regularisers(
    double l2ToStart, Optional<Elastic> ewc, Optional<Orthogonal> orthogonal) {
  /** Nothing holds the run back. */
  public static final Regularisers NONE = new Regularisers(0, Optional.empty(), Optional.empty());

  /**
   * Elastic weight consolidation ({@link Ewc}).
   *
   * @param data what the Fisher information is measured along, read as the training data is
   * @param texts how many the model writes itself, where {@code data} stands for them
   */
  public record Elastic(double lambda, Path data, int texts) {
    /** Checks the weight. */
    public Elastic {
      requireAbove0("--ewc", lambda);
    }

    /** Whether the model is still to write the text. */
    @JsonIgnore
    public boolean ofBase() {
      return data.equals(TuneJob.Replay.OF_BASE);
    }

    /** The same along a file. */
    public Elastic withData(Path file) {
      return new Elastic(lambda, file, texts);
    }
  }

  /** Checks the weights. */
  public Regularisers {
    ewc = Objects.requireNonNullElse(ewc, Optional.empty());
    orthogonal = Objects.requireNonNullElse(orthogonal, Optional.empty());
    if (l2ToStart != 0) {
      requireAbove0("--l2-to-start", l2ToStart);
    }
  }

  static void requireAbove0(String option, double weight) {
    if (!(weight > 0 && Double.isFinite(weight))) {
      throw new BadInput(option + " " + weight + ": give a number above 0");
    }
  }

  /** The same with Fisher information along other data. */
  public Regularisers with(Elastic other) {
    return new Regularisers(l2ToStart, Optional.of(other), orthogonal);
  }

  /** Refuses a method whose change of the weights is none, or is not linear in its factors. */
  void require(Method method) {
    if (!equals(NONE) && method instanceof LowRank adapter && !adapter.tokens().isEmpty()) {
      throw new BadInput(
          "--train-tokens beside --l2-to-start, --ewc or --orthogonal-to: these hold factors alone,"
              + " not rows of tokens; leave them out, --replay goes with both");
    }
    if (l2ToStart > 0) {
      requireWeights("--l2-to-start", method);
    }
    if (ewc.isPresent()) {
      requireWeights("--ewc", method);
    }
    orthogonal.ifPresent(earlier -> earlier.require(method));
  }

  private static void requireWeights(String option, Method method) {
    if (method instanceof PromptLearning) {
      throw new BadInput(
          option
              + " beside --method "
              + method.method()
              + ": virtual tokens change no weight; leave it out");
    }
    if (method.method().equals("dora")) {
      throw new BadInput(
          option
              + " beside --method dora: its change of the weights is not linear in its factors;"
              + " train with --method lora, rslora, lora+ or pissa");
    }
  }

  /**
   * The terms.
   *
   * @param loaded the run's base
   * @param fisher asked for where EWC is
   */
  List<Regulariser> terms(LanguageModel loaded, Supplier<Fisher> fisher) {
    List<Regulariser> terms = new ArrayList<>();
    if (l2ToStart > 0) {
      terms.add(new L2ToStart(l2ToStart));
    }
    ewc.ifPresent(elastic -> terms.add(new Ewc(elastic.lambda, fisher)));
    orthogonal.ifPresent(earlier -> terms.add(earlier.over(loaded)));
    return terms;
  }

  /** Bytes beside what a method takes while it trains; the start of factors counts for nothing. */
  long bytes(Method method, Footprint base) {
    long weights = weights(method, base.config());
    boolean copied = method instanceof Full;
    return (ewc.isPresent() ? Float.BYTES * weights : 0)
        + (copied && l2ToStart > 0 ? Float.BYTES * weights : 0)
        + (copied && ewc.isPresent() ? Float.BYTES * weights : 0);
  }

  /**
   * The most bytes while the Fisher information is measured, before training: it, the weights and
   * their gradient in F32, and where products are not, a copy.
   */
  long measuringBytes(Method method, Footprint base, int rows) {
    DType products = base.precision().products();
    long each = 3L * Float.BYTES + (products == DType.F32 ? 0 : products.bytes());
    return ewc.isPresent()
        ? base.tuningPeak(each * weights(method, base.config()), base.passBytes(rows))
        : 0;
  }

  private static long weights(Method method, ModelConfig model) {
    Map<String, long[]> shapes = ModelTensors.shapes(model);
    return method.changes(model).stream()
        .mapToLong(name -> FlatView.elements(Objects.requireNonNull(shapes.get(name))))
        .sum();
  }
}
