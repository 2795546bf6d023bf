package dev.palimpsest.tune;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.AdapterConfig;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.Safetensors;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.run.Sha256;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The adapters that a run had on its way. */
public final class Checkpoints {
  private Checkpoints() {}

  /**
   * Steps at which the run saved its state, in order.
   *
   * @throws BadInput if it is no run
   * @throws dev.palimpsest.run.EnvironmentFailure if another process trains there
   */
  public static List<Long> steps(Path run) {
    try (RunFolder folder = RunFolder.open(run)) {
      return folder.checkpoints().stream().map(RunFolder.SavedStep::step).toList();
    }
  }

  /**
   * The adapter as it was after a step; its tensors live in the caller's scope.
   *
   * @param step one of {@link #steps}
   * @param model the run's base
   * @throws BadInput if there is no such checkpoint, if one of its files is missing or changed, or
   *     if the run was over another base
   */
  public static Adapter adapter(Path run, long step, LanguageModel model) {
    RunFolder.SavedStep saved = saved(run, step);
    Path file = saved.folder().resolve(Tuner.STATE);
    TuneJob job = TuneJob.of(run);
    requireBase(run, model);
    AdapterConfig config = config(run, job, model);
    try (Safetensors stored = Safetensors.open(file)) {
      FactorLayout layout = layout(config, job.method(), model);
      Tensor flat = read(layout, stored, Training.PARAMETERS, file);
      Map<String, Factors> factors = layout.views(flat);
      if (stored.tensors().containsKey(TrainedAdapter.START)) {
        Tensor start = read(layout, stored, TrainedAdapter.START, file);
        factors = FactorLayout.from(layout.views(start), factors);
      }
      Adapter trained = new Adapter(config, factors, layout.endViews(flat)).whole();
      return job.method() instanceof Stacked stacked ? stacked.joined(model, trained) : trained;
    }
  }

  /** A hash of the state after a step: with the run's settings it makes the adapter. */
  public static String fingerprint(Path run, long step) {
    String settings = RunFolder.about(run).path("job").path("method").toString();
    return Sha256.of(saved(run, step).folder().resolve(Tuner.STATE)) + Sha256.of(settings);
  }

  /**
   * Asks whether a model is a run's base.
   *
   * @throws BadInput if the run was over another
   */
  public static void requireBase(Path run, LanguageModel model) {
    String base = RunFolder.about(run).path("base").asString("");
    if (!base.equals(model.fingerprint())) {
      throw new BadInput(
          run
              + ": the run was over "
              + TuneJob.of(run).model()
              + " with fingerprint "
              + base
              + ", this base has "
              + model.fingerprint());
    }
  }

  private static FactorLayout layout(AdapterConfig config, Method method, LanguageModel model) {
    return method instanceof LowRank own
        ? own.layout(config, model)
        : FactorLayout.of(config, model.decoder().config());
  }

  private static Tensor read(FactorLayout layout, Safetensors stored, String name, Path file) {
    Tensor flat = Tuner.read(stored, name, file);
    if (flat.count() != layout.size()) {
      throw new BadInput(
          file
              + ": "
              + name
              + " has "
              + flat.count()
              + " elements, the adapter's settings ask for "
              + layout.size());
    }
    return flat;
  }

  private static AdapterConfig config(Path run, TuneJob job, LanguageModel model) {
    return switch (job.method()) {
      case LowRank adapter -> adapter.config(model, job.model());
      case Continued adapter -> adapter.config(model, job.model());
      case Stacked adapter -> adapter.own().config(model, job.model());
      case Full full ->
          throw new BadInput(
              run
                  + ": a run of --method "
                  + full.method()
                  + " has no adapter: its product is "
                  + run.resolve("model"));
      case PromptLearning prompt ->
          throw new BadInput("--method " + prompt.method() + ": its checkpoints hold no factors");
    };
  }

  /** Removes the run's saved states; a finished run needs none. */
  public static void remove(Path run) {
    try (RunFolder folder = RunFolder.open(run)) {
      folder.pruneCheckpoints(0);
    }
  }

  private static RunFolder.SavedStep saved(Path run, long step) {
    try (RunFolder folder = RunFolder.open(run)) {
      return folder.checkpoint(step);
    }
  }
}
