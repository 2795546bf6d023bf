package dev.palimpsest.cli;

import dev.palimpsest.inspect.InspectJob;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.ModelStore;
import dev.palimpsest.model.Sources;
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

  @Option(names = "--threads", defaultValue = "0", description = "default: all processors")
  private int threads;

  @Option(names = "--any-base", fallbackValue = "true", description = "take an adapter of another")
  private boolean anyBase;

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
        sources.tuned(tuned, 1, store.locate(tuned));
      }
    }
  }

  @Override
  public void run() {
    InspectJob job = new InspectJob(top, epsilon, Main.threads(threads));
    try (Progress progress = output.progress();
        Scope _ = Scope.open();
        Checkpoint checkpoint = Checkpoint.open(Places.store(progress).locate(base));
        Sources sources = new Sources(checkpoint)) {
      changed.open(sources, Places.store(progress), anyBase);
      try (InspectJob.Result result = job.run(checkpoint, sources.all().getFirst(), progress)) {
        output.print(result.inspection(), result.inspection()::text);
      }
    }
  }
}
