package dev.palimpsest.measure;

import dev.palimpsest.data.Example;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tune.Checkpoints;
import dev.palimpsest.tune.Full;
import dev.palimpsest.tune.TuneJob;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * The states of a run as models, one at a time: the base, the checkpoints that it kept, the end.
 * The end is the run's product; of a run that has not finished it is the newest checkpoint.
 */
public final class RunStates {
  private final Path run;
  private final TuneJob job;
  private final LanguageModel base;
  private final OptionalLong product;
  private final List<Long> steps;
  private final List<Long> unread;

  private RunStates(Path run, TuneJob job, LanguageModel base) {
    this.run = run;
    this.job = job;
    this.base = base;
    this.product = product(run);
    long until = product.orElse(Long.MAX_VALUE);
    this.steps = new ArrayList<>();
    this.unread = new ArrayList<>();
    for (long step : Checkpoints.steps(run)) {
      if (job.method().ofFactors() && step > 0 && step < until) {
        steps.add(step);
      } else if (step != until
          && step != 0) { // what it began with is saved under a limit on losses
        unread.add(step);
      }
    }
    if (product.isEmpty() && steps.isEmpty()) {
      throw new BadInput(
          run
              + ": not finished, and no checkpoint that can be read: go on with it by tune"
              + " --resume");
    }
  }

  /**
   * The states of a run.
   *
   * @param base in the run's precision
   * @throws BadInput if the run was over another base, or has nothing but its base
   */
  public static RunStates of(Path run, LanguageModel base) {
    Checkpoints.requireBase(run, base);
    return new RunStates(run, TuneJob.of(run), base);
  }

  /** The step whose parameters the product is. */
  private static OptionalLong product(Path run) {
    return TuneJob.result(run).stream()
        .mapToLong(end -> end.bestStep().orElse(end.steps()))
        .findFirst();
  }

  /** The base as the run's record names it. */
  public String model() {
    return job.model();
  }

  /** The file that was trained on. */
  String data() {
    return job.data().file().toString();
  }

  /** What the run learns in an epoch, as {@link TuneJob#learned} tells. */
  List<Example> learned() {
    return job.learned(base, run);
  }

  /** All states in order: the base first, the end last. */
  public List<RunState> all() {
    List<RunState> all = new ArrayList<>(List.of(RunState.BASE));
    int before = product.isPresent() ? steps.size() : steps.size() - 1;
    steps.subList(0, before).forEach(step -> all.add(RunState.at(step)));
    all.add(RunState.end(product.orElseGet(steps::getLast)));
    return all;
  }

  /** Steps of checkpoints that are no states: past the product, or without an adapter in them. */
  List<Long> unread() {
    return unread;
  }

  /** Whether the end is the run's product. */
  boolean finished() {
    return product.isPresent();
  }

  /** Whether its adapters have a scale. */
  public boolean scalable() {
    return job.method().ofFactors();
  }

  /** The base as a side of ledgers. */
  TunedModel base() {
    return TunedModel.base(job.model(), base);
  }

  /**
   * Works with the model in a state; it is there for the work alone.
   *
   * @param state one of {@link #all}
   */
  public <T> T in(RunState state, Function<TunedModel, T> work) {
    if (state.equals(RunState.BASE)) {
      return work.apply(base());
    }
    String name = job.model() + "+" + run + ", " + state.name();
    if (product.equals(OptionalLong.of(state.step()))) {
      return product(name, work);
    }
    try (Scope _ = Scope.open()) {
      return work.apply(
          new TunedModel(
              name,
              base,
              Checkpoints.adapter(run, state.step(), base)
                  .on(base.decoder().device())
                  .over(base.decoder()),
              Checkpoints.fingerprint(run, state.step())));
    }
  }

  private <T> T product(String name, Function<TunedModel, T> work) {
    if (!(job.method() instanceof Full)) {
      return work.apply(TunedModel.with(name, base, run.resolve("adapter")));
    }
    try (LanguageModel whole =
        LanguageModel.load(run.resolve("model"), base.decoder().precision(), Device.best())) {
      return work.apply(TunedModel.base(name, whole));
    }
  }
}
