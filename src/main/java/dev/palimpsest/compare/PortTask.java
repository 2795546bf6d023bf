package dev.palimpsest.compare;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Dataset;
import dev.palimpsest.data.Encoder;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * What every way is given.
 *
 * @param adapter read over the old base
 * @param from the old base's shape
 * @param to the new base
 */
record PortTask(
    PortPlan plan,
    Adapter adapter,
    ModelConfig from,
    LanguageModel to,
    Port.Bases bases,
    Runs runs) {
  /** Refuses a dense base beside a mixture: the modules of the one are none of the other. */
  PortTask {
    if (from.mixture().isPresent() != to.decoder().config().mixture().isPresent()) {
      throw new BadInput(
          "port: of "
              + plan.from()
              + " and "
              + plan.to()
              + " one is a mixture of experts, and its adapters change attention alone; train"
              + " anew");
    }
  }

  /**
   * Refuses a way that would not fit into the machine's memory with the old base beside the new.
   *
   * @param peak of the way without the old base, in bytes
   * @throws BadInput naming the prediction and the machine's memory
   */
  void requireMemory(PortMethod method, long peak, long machineBytes) {
    Footprint old = new Footprint(from, to.decoder().precision());
    try {
      Footprint.requireMemory(
          method + ": with both bases, in " + Footprint.word(old.precision()) + ", it",
          machineBytes,
          old.weightBytes() + peak,
          Map.of());
    } catch (EnvironmentFailure e) {
      throw new BadInput(String.valueOf(e.getMessage()), e); // another way may fit
    }
  }

  /** Works with the old base in memory. */
  <T> T over(Function<LanguageModel, T> work) {
    try (LanguageModel old = bases.load(plan.from())) {
      return work.apply(old);
    }
  }

  /**
   * The data.
   *
   * @throws BadInput if none is given
   */
  DataSpec data(PortMethod method) {
    return plan.data()
        .orElseThrow(() -> new BadInput(method + ": give --data, texts or prompts of the task"));
  }

  /** The first row that both bases do not read as the same tokens, if there is one. */
  Optional<String> differing(DataSpec data, LanguageModel old) {
    try (Dataset rows = data.rows()) {
      Encoder before = old.encoder(data.encoding(old.decoder().config().context()));
      Encoder after = to.encoder(data.encoding(to.decoder().config().context()));
      return IntStream.range(0, rows.size())
          .filter(
              i ->
                  !Arrays.equals(
                      before.example(rows.sample(i)).ids(), after.example(rows.sample(i)).ids()))
          .mapToObj(rows::where)
          .findFirst();
    }
  }

  /** Writes what was carried as an adapter of the new base. */
  void write(Adapter carried, Path folder) {
    AtomicFolder.write(
        folder.resolve("adapter"),
        inside -> PeftFolder.write(inside, carried.over(plan.to(), to.fingerprint())));
  }
}
