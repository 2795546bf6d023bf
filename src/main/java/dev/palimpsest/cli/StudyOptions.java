package dev.palimpsest.cli;

import dev.palimpsest.compare.Study;
import dev.palimpsest.compare.StudyRun;
import dev.palimpsest.compare.StudyTask;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.run.Problems;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a study is asked for. */
final class StudyOptions {
  private static final String BUILT_IN = "built-in";

  @Option(names = "--model", description = "default: ${DEFAULT-VALUE}")
  private String model = "smollm2";

  @Option(
      names = "--doses",
      split = ",",
      description = "values of the setting; 0,1,5,10,25,50 for replay")
  private List<String> doses = List.of();

  @Option(names = "--seeds", split = ",", description = "default: ${DEFAULT-VALUE}")
  private List<Long> seeds = List.of(1L, 2L, 3L);

  @Option(
      names = "--rows",
      description = "training rows of the program's own two tasks; default: ${DEFAULT-VALUE}")
  private int rows = StudyTask.ROWS;

  @Option(names = "--data", description = "train on this in place of the program's own tasks")
  private @Nullable Path data;

  @Option(names = "--gain", description = "probe that is to rise by --data")
  private @Nullable Path gain;

  @Option(
      names = "--retention",
      description =
          "probe that is not meant to move, may repeat; built-in for all of the program's own;"
              + " default: some items of each")
  private List<String> retention = List.of();

  @Option(names = "--texts", description = "of the base, for KL; default: ${DEFAULT-VALUE}")
  private int texts = 24;

  @Option(names = "--epochs", description = "over --data; default: ${DEFAULT-VALUE}")
  private int epochs = 1;

  @Option(names = "--max-tokens", description = "of an answer to --gain; default: ${DEFAULT-VALUE}")
  private int maxTokens = LedgerJob.MAX_TOKENS;

  @Option(names = "--lr", description = "where it is not the setting; default: ${DEFAULT-VALUE}")
  private String lr = "1e-3";

  @Option(names = "--batch", description = "default: ${DEFAULT-VALUE}")
  private int batch = 4;

  StudyRun.Asked asked(Study study, Path out, Progress progress) {
    List<Study.Dose> read =
        (doses.isEmpty() ? study.usual() : doses).stream().map(study::dose).toList();
    check(study, read);
    Map<String, String> options = new LinkedHashMap<>();
    options.put("batch", String.valueOf(batch));
    options.put("lr", lr);
    Path tasks = out.resolve("tasks");
    return new StudyRun.Asked(
        study, model, read, tasks(tasks, progress), seeds, options, retention(tasks), texts);
  }

  private void check(Study study, List<Study.Dose> read) {
    Problems problems = new Problems();
    if (read.stream().map(Study.Dose::arm).distinct().count() < read.size()) {
      problems.add("--doses: give each once");
    }
    if (new HashSet<>(seeds).size() < seeds.size()) {
      problems.add("--seeds: give each once");
    }
    if (rows < 1 || texts < 0 || epochs < 1 || maxTokens < 1 || batch < 1) {
      problems.add("--rows, --epochs, --max-tokens, --batch: give 1 or more; --texts: 0 or more");
    }
    if ((data == null) != (gain == null)) {
      problems.add("--data and --gain: give both, or neither for the program's own tasks");
    }
    problems.throwIfAny("study " + study.word());
  }

  private List<StudyTask> tasks(Path folder, Progress progress) {
    return data != null && gain != null
        ? List.of(StudyTask.of(data, gain, epochs, maxTokens))
        : StudyTask.own(Places.airports(progress), folder, rows);
  }

  private StudyRun.Asked.Retention retention(Path folder) {
    if (retention.isEmpty()) {
      return new StudyRun.Asked.Retention(List.of(StudyTask.retention(folder)), false);
    }
    List<Path> files = new ArrayList<>();
    retention.stream().filter(name -> !name.equals(BUILT_IN)).map(Path::of).forEach(files::add);
    return new StudyRun.Asked.Retention(files, retention.contains(BUILT_IN));
  }
}
