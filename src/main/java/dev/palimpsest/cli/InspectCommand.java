package dev.palimpsest.cli;

import dev.palimpsest.inspect.InspectJob;
import dev.palimpsest.inspect.Inspection;
import dev.palimpsest.measure.ControlLedgers;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.measure.Side;
import dev.palimpsest.merge.Controls;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.ModelStore;
import dev.palimpsest.model.Source;
import dev.palimpsest.model.Sources;
import dev.palimpsest.report.InspectionReport;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Scope;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ObjectNode;

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

  @Option(
      names = "--controls",
      description =
          "a new folder for five adapters or models: untouched, intruders, shrunk, random, resized;"
              + " with probes their ledgers are told")
  private @Nullable Path controls;

  @Option(names = "--scale", defaultValue = "0.75", description = "of an intruder; default: 0.75")
  private double scale;

  @Option(names = "--seed", defaultValue = "0", description = "of the random directions")
  private long seed;

  @Mixin private ProbeOptions probes = new ProbeOptions();
  @Mixin private TextOptions texts = new TextOptions();
  @Mixin private ModelOptions models = new ModelOptions();

  @Option(names = "--html", description = "a file: heat maps by layer and kind of module")
  private @Nullable Path html;

  @Mixin private Output output = new Output();

  /** One of the two. */
  private static final class Changed {
    @Option(names = "--adapter", required = true, description = "a PEFT folder")
    private @Nullable Path adapter;

    @Option(names = "--tuned", required = true, description = "a tuned MODEL")
    private @Nullable String tuned;

    Source open(Sources sources, ModelStore store, boolean anyBase) {
      if (adapter != null) {
        sources.adapter(adapter, 1, anyBase);
      } else if (tuned != null) {
        sources.tunedOfAnyVocabulary(tuned, store.locate(tuned));
      }
      return sources.all().getFirst();
    }
  }

  @Override
  public void run() {
    LedgerJob asked = probes.job(Places.cache(), texts.count());
    if (controls != null) {
      AtomicFolder.requireNew(controls);
    } else if (!asked.probes().isEmpty()) {
      throw new BadInput("--gain, --probe and --built-in are put to --controls DIR: give it, too");
    }
    InspectJob job = new InspectJob(top, epsilon, models.threads());
    try (Progress progress = output.progress()) {
      Inspection inspection = inspect(job, progress);
      if (controls == null || asked.probes().isEmpty()) {
        output.print(inspection, inspection::text);
      } else {
        ControlLedgers ledgers = ledgers(asked, controls, progress);
        ObjectNode document = Json.mapper().valueToTree(inspection);
        document.set("controls", ledgers.json());
        output.print(document, () -> inspection.text() + "\n" + ledgers.text());
      }
    }
  }

  private Inspection inspect(InspectJob job, Progress progress) {
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = Checkpoint.open(Places.store(progress).locate(base));
        Sources sources = new Sources(checkpoint)) {
      Source source = changed.open(sources, Places.store(progress), models.anyBase());
      try (InspectJob.Result result = job.run(checkpoint, source, progress)) {
        if (html != null) {
          InspectionReport.write(html, result.inspection());
        }
        if (controls != null) {
          if (result.intruders().isEmpty()) { // which is refused: not without what was found
            output.print(result.inspection(), result.inspection()::text);
          }
          Controls.Base known = new Controls.Base(base, sources.fingerprint(), checkpoint);
          new Controls(scale, seed).write(controls, known, source, result.intruders(), progress);
        }
        return result.inspection();
      }
    }
  }

  private ControlLedgers ledgers(LedgerJob asked, Path five, Progress progress) {
    SequencedMap<String, Side> sides = new LinkedHashMap<>();
    for (String name : Controls.NAMES) {
      Path each = five.resolve(name);
      sides.put(
          name,
          changed.adapter == null
              ? new Side(each.toString(), Optional.empty())
              : new Side(base, Optional.of(each)));
    }
    LedgerJob.Models from =
        models.models(
            progress,
            (endpoint, _) -> {
              throw new IllegalStateException(endpoint + " is no control");
            },
            null);
    return ControlLedgers.measure(
        new ControlLedgers.Measuring(asked, from, Places.baselines(), progress),
        new Side(base, Optional.empty()),
        sides);
  }
}
