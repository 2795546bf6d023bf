package dev.palimpsest.compare;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tune.TuneJob;
import java.nio.file.Path;

/** The run that made the adapter, with the data and settings that it recorded, on the new base. */
record ReplayPort() implements PortWay {
  @Override
  public void carry(PortTask task, Path folder) {
    Path run =
        RunFolder.around(task.plan().adapter())
            .orElseThrow(
                () ->
                    new BadInput(
                        "replay: "
                            + task.plan().adapter()
                            + " stands in no run's folder, so how it was trained is not known"));
    TuneJob job = TuneJob.onto(task.plan().to(), run, Native.threads());
    try (LanguageModel loaded = task.bases().load(job)) {
      task.runs().train("replay", job, loaded, folder);
    }
  }
}
