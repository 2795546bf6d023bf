package dev.palimpsest.cli;

import dev.palimpsest.compare.Bakeoff;
import dev.palimpsest.compare.Port;
import dev.palimpsest.compare.PortJson;
import dev.palimpsest.compare.PortPlan;
import dev.palimpsest.compare.PortResult;
import dev.palimpsest.compare.PortText;
import dev.palimpsest.model.ModelStore;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** An adapter for a new base. */
@Command(
    name = "port",
    description = "Carry an adapter to a new base, and see what it gains and loses there.")
final class PortCommand implements Callable<Integer> {
  @Option(names = "--out", required = true, description = "a new folder, or one to go on with")
  private Path out = Path.of("");

  @Mixin private PortOptions port = new PortOptions();
  @Mixin private ProbeOptions probes = new ProbeOptions();
  @Mixin private TextOptions texts = new TextOptions();
  @Mixin private ModelOptions models = new ModelOptions();
  @Mixin private Output output = new Output();

  @Override
  public Integer call() {
    Cancellation cancellation = SafePoint.listen();
    Port.Choice choice = port.choice(probes.job(Places.cache(), texts.count()));
    try (Progress progress = output.progress()) {
      ModelStore store = Places.store(progress);
      PortPlan plan = port.plan(store, models, probes);
      PortResult result =
          new Port(
                  plan,
                  choice,
                  new Bakeoff.Settings(out, Places.baselines(), Places.cache()),
                  models.bases(progress),
                  new Tuner.Watch(progress, cancellation, System::nanoTime))
              .run();
      output.print(PortJson.of(result), () -> PortText.of(result));
      return result.chosen().isPresent() ? 0 : Failures.WORK;
    }
  }
}
