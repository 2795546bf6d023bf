package dev.palimpsest.cli;

import dev.palimpsest.compare.Port;
import dev.palimpsest.compare.PortMethod;
import dev.palimpsest.compare.PortPlan;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.model.ModelStore;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tune.TuneSettings;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is carried where, and how. */
final class PortOptions {
  private static final String BEST = "best";

  @Option(names = "--adapter", required = true, description = "a PEFT folder")
  private Path adapter = Path.of("");

  @Option(names = "--from", required = true, description = "MODEL that it was trained over")
  private String from = "";

  @Option(names = "--to", required = true, description = "MODEL that it is to be carried to")
  private String to = "";

  @Option(names = "--data", description = "texts, or prompts, of the adapter's task")
  private @Nullable Path data;

  @Option(
      names = "--method",
      defaultValue = BEST,
      description =
          "direct, activations, distil, replay, or best: the way with the most gain; default:"
              + " ${DEFAULT-VALUE}")
  private String method = BEST;

  @Option(
      names = "--may-lose",
      paramLabel = "PERCENT",
      description = "best loses less than this of every --probe; default: 5%%")
  private @Nullable String mayLose;

  @Option(names = "--epochs", description = "of distil; default: " + PortPlan.Distilling.EPOCHS)
  private int epochs = PortPlan.Distilling.EPOCHS;

  @Option(names = "--lr", description = "of distil; default: as tune's")
  private @Nullable Double rate;

  @Option(names = "--seed", defaultValue = "0", description = "default: ${DEFAULT-VALUE}")
  private long seed;

  Port.Choice choice(LedgerJob ledger) {
    return new Port.Choice(
        method.equals(BEST) ? Optional.empty() : Optional.of(way()),
        ledger,
        mayLose == null ? Port.Choice.MAY_LOSE : ThresholdOptions.percent("--may-lose", mayLose));
  }

  private PortMethod way() {
    return Stream.of(PortMethod.values())
        .filter(each -> each.toString().equals(method.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new BadInput(
                    "--method "
                        + method
                        + ": known are best, "
                        + String.join(
                            ", ", Stream.of(PortMethod.values()).map(Object::toString).toList())));
  }

  PortPlan plan(ModelStore store, ModelOptions models, ProbeOptions probes) {
    return new PortPlan(
        adapter.toAbsolutePath(),
        PeftFolder.sha256(adapter),
        store.lasting(from),
        store.lasting(to),
        models.anyBase(),
        Optional.ofNullable(data).map(probes::data),
        new PortPlan.Distilling(
            epochs, rate == null ? TuneSettings.defaults().rate() : rate, probes.maxTokens()),
        seed);
  }
}
