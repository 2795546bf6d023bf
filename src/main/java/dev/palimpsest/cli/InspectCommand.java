package dev.palimpsest.cli;

import dev.palimpsest.inspect.InspectJob;
import dev.palimpsest.merge.Controls;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.ModelStore;
import dev.palimpsest.model.Source;
import dev.palimpsest.model.Sources;
import dev.palimpsest.report.InspectionReport;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Scope;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a change is, in the matrices. */
@Command(
    name = "inspect",
    description = "Norms, spectra and intruder dimensions of a change, module by module.")
final class InspectCommand implements Runnable {
  @Option(names = "--base", required = true, description = "MODEL, as pull takes it")
  private String base = "";

  @ArgGroup(multiplicity = "1")
  private Changed changed = new Changed();

  @Option(names = "--top", defaultValue = "10", description = "directions; default: 10")
  private int top;

  @Option(names = "--epsilon", defaultValue = "0.5", description = "largest cosine; default: 0.5")
  private double epsilon;

  @Option(names = "--any-base", fallbackValue = "true", description = "take an adapter of another")
  private boolean anyBase;

  @Option(
      names = "--controls",
      description =
          "a new folder for five adapters or models: untouched, intruders, shrunk, random, resized")
  private @Nullable Path controls;

  @Option(names = "--scale", defaultValue = "0.75", description = "of an intruder; default: 0.75")
  private double scale;

  @Option(names = "--seed", defaultValue = "0", description = "of the random directions")
  private long seed;

  @Mixin private ThreadOptions threads = new ThreadOptions();

  @Option(names = "--html", description = "a file: heat maps by layer and kind of module")
  private @Nullable Path html;

  @Mixin private Output output = new Output();

  /** One of the two. */
  private static final class Changed {
    @Option(names = "--adapter", required = true, description = "a PEFT folder")
    private @Nullable Path adapter;

    @Option(names = "--tuned", required = true, description = "a tuned MODEL")
    private @Nullable String tuned;

    void open(Sources sources, ModelStore store, boolean anyBase) {
      if (adapter != null) {
        sources.adapter(adapter, 1, anyBase);
      } else if (tuned != null) {
        sources.tunedOfAnyVocabulary(tuned, store.locate(tuned));
      }
    }
  }

  @Override
  public void run() {
    if (controls != null) {
      AtomicFolder.requireNew(controls);
    }
    InspectJob job = new InspectJob(top, epsilon, threads.settle());
    try (Progress progress = output.progress();
        Scope _ = Scope.open();
        Checkpoint checkpoint = Checkpoint.open(Places.store(progress).locate(base));
        Sources sources = new Sources(checkpoint)) {
      changed.open(sources, Places.store(progress), anyBase);
      Source source = sources.all().getFirst();
      try (InspectJob.Result result = job.run(checkpoint, source, progress)) {
        if (html != null) {
          InspectionReport.write(html, result.inspection());
        }
        output.print(result.inspection(), result.inspection()::text);
        if (controls != null) {
          Controls.Base known = new Controls.Base(base, sources.fingerprint(), checkpoint);
          new Controls(scale, seed).write(controls, known, source, result.intruders(), progress);
        }
      }
    }
  }
}
