package dev.palimpsest.cli;

import dev.palimpsest.compare.Bakeoff;
import dev.palimpsest.compare.RecoveryJson;
import dev.palimpsest.compare.RecoveryProbe;
import dev.palimpsest.compare.RecoveryResult;
import dev.palimpsest.compare.RecoveryText;
import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Was it suppressed, or erased? */
@Command(
    name = "recover",
    description = "Tune briefly on half of the lost items, and ask the other half.")
final class LedgerRecoverCommand implements Runnable {
  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  @Option(names = "--out", required = true, description = "folder of both runs and the result")
  private Path out = Path.of("");

  @Option(
      names = "--tune",
      paramLabel = "OPTION=VALUE",
      description = "of both runs, as tune has it, such as lr=1e-4; default: steps=20")
  private Map<String, String> tuning = new LinkedHashMap<>();

  @Option(names = "--seed", description = "of halves and runs; default: ${DEFAULT-VALUE}")
  private long seed;

  @Mixin private SideOptions sides = new SideOptions();
  @Mixin private ProbeOptions probes = new ProbeOptions();
  @Mixin private ModelOptions models = new ModelOptions();
  @Mixin private Output output = new Output();

  @Override
  public void run() {
    RecoveryProbe.Asked asked =
        new RecoveryProbe.Asked(
            sides.sides(spec.commandLine()), probes.job(Places.cache(), 0), tuning, seed);
    Cancellation cancellation = SafePoint.listen();
    try (Progress progress = output.progress()) {
      RecoveryResult result =
          new RecoveryProbe(
                  asked,
                  new Bakeoff.Settings(out, Places.baselines(), Places.cache()),
                  new RecoveryProbe.Models(
                      models.models(progress, new RemoteOptions()::at, null),
                      new ArmModels(models, progress)),
                  new Tuner.Watch(progress, cancellation, System::nanoTime))
              .run();
      AtomicFile.write(
          out.resolve("recovery.json"), Json.writePretty(RecoveryJson.of(result)) + "\n");
      output.print(RecoveryJson.of(result), () -> RecoveryText.of(result));
    }
  }
}
