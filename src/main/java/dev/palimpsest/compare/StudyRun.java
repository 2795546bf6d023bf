package dev.palimpsest.compare;

import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;

/**
 * Runs a study: a bake-off for each task, whose arms are the doses. Every dose of every task comes
 * once before any second seed, so that what is cut off can be read; the same call goes on.
 */
public final class StudyRun {
  private static final String BASE = "base";

  private final Asked asked;
  private final Bakeoff.Settings settings;
  private final Bakeoff.Models models;
  private final Tuner.Watch watch;

  /**
   * What is asked.
   *
   * @param model that is trained
   * @param options of {@code tune} that all doses share
   * @param retention probe files
   * @param texts of the base for the divergence
   */
  public record Asked(
      Study study,
      String model,
      List<Study.Dose> doses,
      List<StudyTask> tasks,
      List<Long> seeds,
      Map<String, String> options,
      Retention retention,
      int texts) {
    /** Copies the collections. */
    public Asked {
      doses = List.copyOf(doses);
      tasks = List.copyOf(tasks);
      seeds = List.copyOf(seeds);
      options = Map.copyOf(options);
    }

    /**
     * What is not meant to move.
     *
     * @param builtIn whether the program's own probes, whole, are among them
     */
    public record Retention(List<Path> files, boolean builtIn) {
      /** Copies the list. */
      public Retention {
        files = List.copyOf(files);
      }
    }
  }

  /**
   * A study.
   *
   * @param settings whose folder holds one for each task
   */
  public StudyRun(
      Asked asked, Bakeoff.Settings settings, Bakeoff.Models models, Tuner.Watch watch) {
    this.asked = asked;
    this.settings = settings;
    this.models = models;
    this.watch = watch;
  }

  /**
   * Runs it all.
   *
   * @param soFar takes what is known after each run
   * @throws dev.palimpsest.run.EnvironmentFailure if the user stopped it
   */
  public StudyResult run(Consumer<StudyResult> soFar) {
    Map<StudyTask, Comparison> known = new LinkedHashMap<>();
    for (int seeds = 1; seeds <= asked.seeds.size(); seeds++) {
      for (StudyTask task : asked.tasks) {
        bakeoff(task, asked.seeds.subList(0, seeds))
            .run(
                comparison -> {
                  if (runs(comparison)
                      > Optional.ofNullable(known.get(task)).map(StudyRun::runs).orElse(0)) {
                    known.put(task, comparison);
                    soFar.accept(new StudyResult(asked, known));
                  }
                });
      }
    }
    return new StudyResult(asked, known);
  }

  private static int runs(Comparison comparison) {
    return comparison.arms().stream().mapToInt(arm -> arm.runs().size()).sum();
  }

  private Bakeoff bakeoff(StudyTask task, List<Long> seeds) {
    Bakeoff.Settings own =
        new Bakeoff.Settings(
            settings.out().resolve(task.name()), settings.store(), settings.cache());
    return new Bakeoff(plan(task, seeds), own, models, watch);
  }

  private Plan plan(StudyTask task, List<Long> seeds) {
    List<Plan.Arm> arms = new ArrayList<>();
    arms.add(arm(BASE, new Plan.Change.None()));
    for (Study.Dose dose : asked.doses) {
      Map<String, String> options = new LinkedHashMap<>(asked.options);
      options.put("data", task.train().toString());
      options.put("epochs", String.valueOf(task.epochs()));
      options.putAll(dose.options());
      arms.add(arm(dose.arm(), new Plan.Change.Tuned(options)));
    }
    return new Plan(
        asked.model,
        List.of(task.gain()),
        asked.retention.files,
        asked.retention.builtIn,
        seeds,
        BASE,
        new Plan.Sizes(task.maxTokens(), asked.texts, 0),
        OptionalDouble.empty(),
        arms);
  }

  private static Plan.Arm arm(String name, Plan.Change change) {
    return new Plan.Arm(name, Optional.empty(), Optional.empty(), change);
  }
}
