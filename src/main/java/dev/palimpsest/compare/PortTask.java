package dev.palimpsest.compare;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.AdapterConfig;
import dev.palimpsest.model.EndWeights;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.run.AtomicFolder;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;

/**
 * What every way is given.
 *
 * @param adapter read over the old base
 * @param from the old base's shape
 * @param to the new base
 */
record PortTask(
    PortPlan plan, Adapter adapter, ModelConfig from, LanguageModel to, Port.Bases bases, Runs runs) {

  /** Works with the old base in memory. */
  <T> T over(Function<LanguageModel, T> work) {
    try (LanguageModel old = bases.load(plan.from())) {
      return work.apply(old);
    }
  }

  /** Writes what was carried as an adapter of the new base. */
  void write(AdapterConfig config, Map<String, Factors> factors, Path folder) {
    Adapter carried =
        new Adapter(config.over(plan.to(), to.fingerprint()), factors, EndWeights.NONE);
    AtomicFolder.write(folder.resolve("adapter"), inside -> PeftFolder.write(inside, carried));
  }
}
