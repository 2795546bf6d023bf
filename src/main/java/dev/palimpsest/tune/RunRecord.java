package dev.palimpsest.tune;

import dev.palimpsest.data.Dataset;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Build;
import dev.palimpsest.run.RunFolder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What {@code run.json} says of all that a run hangs on, and whether that is still so. */
record RunRecord(TuneJob job, LanguageModel loaded, Dataset rows) {
  private static final String BASE = "base";
  private static final String DATA = "data";
  private static final String EWC_DATA = "ewc_data";
  private static final String PROBES = "probes";
  private static final String TEACHER = "teacher";

  /** For {@code run.json}. */
  Map<String, Object> about(Tuner.Watch watch) {
    Map<String, Object> about = new LinkedHashMap<>();
    about.put("job", job);
    about.put(BASE, loaded.fingerprint());
    about.put(DATA, rows.fingerprint().samples());
    about.put("rows", rows.size());
    elasticRows().ifPresent(found -> about.put(EWC_DATA, found));
    watch.losses().ifPresent(check -> about.put(PROBES, check.fingerprint()));
    watch.teacher().ifPresent(teacher -> about.put(TEACHER, teacher.fingerprint()));
    if (rows.onlyTexts()) {
      about.put("window", job.data().window(new TrainingData(job, loaded).context()));
    }
    about.put("palimpsest", Build.version());
    about.put("java", Runtime.version().toString());
    about.put("machine", System.getProperty("os.arch") + " " + System.getProperty("os.name"));
    return about;
  }

  /**
   * Refuses other inputs than the run began with, and others to judge or to teach it.
   *
   * @throws BadInput naming what changed
   */
  void require(Path run, Tuner.Watch watch) {
    requireInputs(run);
    watch.losses().ifPresent(check -> requireSame(run, PROBES, check.fingerprint(), "--probe"));
    requireSameTeacher(run, watch);
  }

  /** The same of base and data alone. */
  void requireInputs(Path run) {
    requireSame(run, BASE, loaded.fingerprint(), job.model());
    requireData(run, job, rows);
    elasticRows()
        .ifPresent(
            found ->
                requireSame(
                    run,
                    EWC_DATA,
                    found,
                    job.regularisers().ewc().orElseThrow().data().toString()));
  }

  /** The same of the data alone. */
  static void requireData(Path run, TuneJob job, Dataset rows) {
    requireSame(run, DATA, rows.fingerprint().samples(), job.data().file().toString());
  }

  private static void requireSameTeacher(Path run, Tuner.Watch watch) {
    String then = recorded(run, TEACHER);
    if (!then.equals(watch.teacher().map(Teacher::fingerprint).orElse(""))) {
      throw new BadInput(
          run
              + ": this run learns from another model"
              + (then.isEmpty()
                  ? " than its labels now"
                  : ", and goes on by the call that began it"));
    }
  }

  /** The fingerprint of what the Fisher information is measured along. */
  private Optional<String> elasticRows() {
    return job.regularisers()
        .ewc()
        .map(
            ewc -> {
              try (Dataset along = job.data().withFile(ewc.data()).rows()) {
                return along.fingerprint().samples();
              }
            });
  }

  private static String recorded(Path run, String field) {
    return RunFolder.about(run).path(field).asString("");
  }

  private static void requireSame(Path run, String field, String now, String name) {
    String then = recorded(run, field);
    if (!then.equals(now)) {
      throw new BadInput(
          run
              + ": "
              + name
              + " is not what the run began with: its fingerprint is "
              + now
              + ", run.json has "
              + then);
    }
  }
}
