package dev.palimpsest.cli;

import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.measure.QuantiseReport;
import dev.palimpsest.measure.TunedModel;
import dev.palimpsest.merge.QuantiseJob;
import dev.palimpsest.merge.Quantised;
import dev.palimpsest.model.GgufFileType;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A smaller file, and what it costs. */
@Command(
    name = "quantise",
    description = "Quantise a model for llama.cpp; what is lost, and what is left of an adapter.")
final class QuantiseCommand implements Runnable {
  @Option(names = "--model", required = true, description = "MODEL, as pull takes it")
  private String model = "";

  @Option(names = "--type", required = true, description = "one of ${COMPLETION-CANDIDATES}")
  private GgufFileType type = GgufFileType.Q8_0;

  @Option(names = "--adapter", description = "a PEFT folder")
  private @Nullable Path adapter;

  @Option(names = "--out", description = "a new folder or file, NAME.gguf; without it, a report")
  private @Nullable Path out;

  @Mixin private ProbeOptions probes = new ProbeOptions();
  @Mixin private TextOptions texts = new TextOptions();
  @Mixin private ModelOptions models = new ModelOptions();
  @Mixin private Output output = new Output();

  @Override
  public void run() {
    models.threads();
    LedgerJob ledger = probes.job(Places.cache(), texts.count());
    boolean asks = !ledger.probes().isEmpty();
    if (asks && out == null) {
      throw new BadInput("quantise: probes are put to the file that is written; give --out, too");
    }
    QuantiseJob job = new QuantiseJob(model, Optional.ofNullable(adapter), models.anyBase(), type);
    try (Progress progress = output.progress()) {
      Quantised quantised =
          job.run(Optional.ofNullable(out), Places.store(progress)::locate, progress);
      Optional<Ledger> measured =
          asks
              ? Optional.of(
                  ledger.measure(
                      QuantiseReport.sides(job, quantised),
                      // the quantised model is another base than the one the adapter records
                      models
                          .models(progress, new RemoteOptions()::at, null)
                          .adaptingBy(TunedModel::withForeign),
                      Places.baselines(),
                      progress))
              : Optional.empty();
      QuantiseReport report = new QuantiseReport(quantised, measured);
      output.print(report.json(), report::text);
    }
  }
}
