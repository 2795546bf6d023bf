package dev.palimpsest.cli;

import dev.palimpsest.compare.Bakeoff;
import dev.palimpsest.generate.Endpoint;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.measure.ObservationStore;
import dev.palimpsest.measure.RemoteSubject;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tune.TuneJob;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine;

/** What a plan's arms are made from: {@code tune}'s own options, by its own rules. */
record ArmModels(ModelOptions options, Progress progress, LedgerJob.Remote remotes)
    implements Bakeoff.Models {
  /** Arms none of which is elsewhere, since what asks for them knows no endpoints. */
  ArmModels(ModelOptions options, Progress progress) {
    this(options, progress, new RemoteOptions()::at);
  }

  /** What the plan says for all arms. */
  private static final Set<String> OF_PLAN = Set.of("model", "seed", "threads");

  @Override
  public LanguageModel load(String name) {
    return options.load(name, progress);
  }

  @Override
  public LanguageModel load(TuneJob job) {
    return job.load(Places.store(progress).locate(job.model()));
  }

  @Override
  public LanguageModel load(Path folder, TuneJob job) {
    return LanguageModel.load(folder, job.precision(), Device.best());
  }

  @Override
  public RemoteSubject remote(Endpoint endpoint, ObservationStore store) {
    return remotes.at(endpoint, store);
  }

  @Override
  public TuneJob job(Map<String, String> given, String model, long seed) {
    List<String> call = new ArrayList<>();
    given.forEach(
        (name, value) -> {
          if (OF_PLAN.contains(name)) {
            throw new BadInput("tune." + name + ": the plan or the call says it for all arms");
          }
          call.add("--" + name + "=" + value);
        });
    call.add("--model=" + model);
    call.add("--seed=" + seed);
    call.add("--threads=" + options.threads());
    if (!given.containsKey("dtype")) {
      options.given().ifPresent(precision -> call.add("--dtype=" + precision));
    }
    TrainingOptions training = new TrainingOptions();
    try {
      new CommandLine(training)
          .setCaseInsensitiveEnumValuesAllowed(true)
          .parseArgs(call.toArray(String[]::new));
    } catch (CommandLine.ParameterException e) {
      throw new BadInput("tune: " + e.getMessage(), e);
    }
    return training.job().withModel(Places.store(progress).lasting(model));
  }
}
