package dev.palimpsest.tune;

import dev.palimpsest.data.Example;
import dev.palimpsest.data.Passes;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.TrainedDecoder;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The state of a run and its one step: passes forward and backward, averaged over all labels of the
 * step, clipped, and handed to the optimiser. All that is random or slow to change comes in.
 */
final class Training implements AutoCloseable {
  /** What the state calls the trained parameters. */
  static final String PARAMETERS = "parameters";

  /** Samples that a message names. */
  private static final int NAMED = 20;

  private final TuneSettings settings;
  private final TrainedDecoder decoder;
  private final Objective objective;
  private final Map<String, Regulariser.Term> terms = new LinkedHashMap<>();
  private final Trained trained;
  private final Optimizer optimizer;
  private final Extent extent;

  Training(TuneSettings settings, Objective objective, Trained trained, Extent extent) {
    this(settings, new Goal(objective), trained, extent);
  }

  /**
   * A run at its start.
   *
   * @param trained as it begins
   */
  Training(TuneSettings settings, Goal goal, Trained trained, Extent extent) {
    this.settings = settings;
    this.decoder = trained.decoder();
    this.objective = goal.objective();
    this.trained = trained;
    this.extent = extent;
    this.optimizer = Optimizer.of(settings.optimizer(), trained, settings.decay());
    goal.regularisers().forEach(each -> terms.put(each.name(), each.over(trained)));
  }

  /**
   * How far a run goes, and in what pieces.
   *
   * @param steps of the whole run
   * @param passRows rows of one pass through the decoder; a longer example has a pass of its own
   */
  record Extent(long steps, int passRows) {
    /** So many steps in passes as large as memory allows. */
    static Extent of(long steps, Trained trained) {
      return new Extent(steps, Footprint.passRows(trained.decoder().decoder()));
    }
  }

  /**
   * What one step did.
   *
   * @param loss mean over its labels, regularisers left out
   * @param regularisers their values by name
   * @param norm of the gradient before clipping
   * @param rate learning rate
   * @param tokens that went through the backward pass
   * @param labels among them
   */
  record StepResult(
      double loss,
      Map<String, Double> regularisers,
      double norm,
      double rate,
      long tokens,
      long labels) {}

  /**
   * One step.
   *
   * @param step from 0
   * @throws Diverged if the loss or the gradient is not finite; the parameters are then as before
   */
  StepResult step(long step, List<Example> examples) {
    long labels = examples.stream().mapToLong(Example::labels).sum();
    long tokens = examples.stream().mapToLong(e -> e.ids().length).sum();
    trained.gradient().zeroInPlace();
    double sum = 0;
    for (List<Example> pass : Passes.of(examples, extent.passRows)) {
      sum += objective.backward(decoder, pass, 1.0 / labels);
    }
    double loss = sum / labels;
    Map<String, Double> values = new LinkedHashMap<>();
    terms.forEach((name, term) -> values.put(name, term.backward()));
    double norm = norm();
    if (!Double.isFinite(loss) || !Double.isFinite(norm)) {
      throw new Diverged(
          "step "
              + (step + 1)
              + ": the loss is "
              + loss
              + ", the gradient's norm "
              + norm
              + (values.isEmpty() ? "" : ", regularisers " + values)
              + "; samples: "
              + named(examples));
    }
    if (settings.clip() > 0 && norm > settings.clip()) {
      // as torch.nn.utils.clip_grad_norm_
      trained.gradient().timesInPlace(settings.clip() / (norm + 1e-6));
    }
    double rate =
        settings.rate() * settings.schedule().share(step, settings.warmup(), extent.steps);
    optimizer.step(trained.parameters(), trained.gradient(), step + 1, rate);
    terms.values().forEach(Regulariser.Term::afterStep);
    decoder.refresh();
    return new StepResult(loss, values, norm, rate, tokens, labels);
  }

  /** The samples' ids, for a message. */
  static String named(List<Example> examples) {
    String first =
        examples.stream().limit(NAMED).map(Example::id).collect(Collectors.joining(", "));
    return examples.size() <= NAMED ? first : first + " and " + (examples.size() - NAMED) + " more";
  }

  /** Whether all that a checkpoint would hold is finite. */
  boolean isFinite() {
    try (Scope _ = Scope.open()) {
      return state().values().stream().allMatch(Tensor::isFinite);
    }
  }

  /** Piece by piece, since the square of a large model's gradient is as large again. */
  private double norm() {
    double sum = 0;
    long count = trained.gradient().count();
    long piece = AdamW.piece(trained.gradient());
    for (long from = 0; from < count; from += piece) {
      try (Scope _ = Scope.open()) {
        long length = Math.min(piece, count - from);
        sum += trained.gradient().narrow(0, from, length).square().sum().item();
      }
    }
    return Math.sqrt(sum);
  }

  /** Goes on from a saved {@link #state}, asked for by name. */
  void restore(Function<String, Tensor> saved) {
    state().forEach((name, tensor) -> tensor.copyFrom(saved.apply(name)));
    decoder.refresh();
  }

  /** Everything that a resumed run needs, by name, in place. */
  Map<String, Tensor> state() {
    Map<String, Tensor> state = new TreeMap<>(optimizer.state());
    state.put(PARAMETERS, trained.parameters());
    state.putAll(trained.constants());
    return state;
  }

  @Override
  public void close() {
    terms.values().forEach(Regulariser.Term::close);
    optimizer.close();
  }
}
