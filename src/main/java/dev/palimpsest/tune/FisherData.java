package dev.palimpsest.tune;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Dataset;
import dev.palimpsest.data.Example;
import dev.palimpsest.data.Source;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.TrainedWeights;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Scope;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * What a run's Fisher information is measured along.
 *
 * @param loaded the run's base
 * @param method whose weights it is by
 * @param spec the text, read as the training data is
 */
record FisherData(LanguageModel loaded, Method method, DataSpec spec) {
  private static final String FOLDER = "fisher";

  /** Rows whose time an estimate takes for all. */
  private static final int TIMED = 4;

  FisherData {
    if (loaded.decoder().precision().quantised()) {
      throw new BadInput(
          "--ewc over a base in "
              + loaded.decoder().precision()
              + ": its gradients are by plain weights; give --dtype bf16 or fp32");
    }
  }

  /** The run's own, measured once and kept in its folder, so that a resume has the same bits. */
  Fisher in(RunFolder run, Progress progress) {
    Path kept = run.path().resolve(FOLDER);
    if (Files.isDirectory(kept)) {
      return Fisher.read(kept, slots(), loaded.decoder().device());
    }
    Fisher fisher = measured(progress);
    run.write(FOLDER, fisher::write);
    return fisher;
  }

  /** One that takes as much time and memory as the run's, and holds nothing. */
  Fisher standIn() {
    return Fisher.zeros(slots(), loaded.decoder().device());
  }

  /** How long the measurement takes, by its first rows. */
  double seconds(LongSupplier nanoTime) {
    try (Dataset rows = spec.rows()) {
      List<Example> examples = TrainingData.examples(source(rows));
      List<Example> first = examples.subList(0, Math.min(TIMED, examples.size()));
      double seconds = by(weights -> seconds(weights, Source.of(first), nanoTime));
      return seconds * tokens(examples) / tokens(first);
    }
  }

  private static double seconds(TrainedWeights weights, Source data, LongSupplier nanoTime) {
    long began = nanoTime.getAsLong();
    Fisher.of(weights, data, Progress.none()).close();
    return (nanoTime.getAsLong() - began) / 1e9;
  }

  private static long tokens(List<Example> examples) {
    return examples.stream().mapToLong(Example::length).sum();
  }

  private Fisher measured(Progress progress) {
    try (Dataset rows = spec.rows()) {
      Source data = source(rows);
      return by(weights -> Fisher.of(weights, data, progress));
    }
  }

  private Source source(Dataset rows) {
    return TrainingData.encoded(rows, loaded, spec.encoding(loaded.decoder().config().context()));
  }

  private Map<String, FlatView> slots() {
    return TrainedWeights.slots(loaded.decoder(), names());
  }

  private Set<String> names() {
    return method.changes(loaded.decoder().config());
  }

  /** Works with the weights that the run begins with: an earlier adapter is a part of them. */
  <T> T by(Function<TrainedWeights, T> work) {
    Decoder base = loaded.decoder();
    try (Scope _ = Scope.open()) {
      Map<String, Factors> earlier =
          method.earlier().map(each -> each.read(loaded).factors()).orElse(Map.of());
      Decoder begun = base.under(earlier);
      try (TrainedWeights weights =
          new TrainedWeights(begun, loaded.checkpoint().weights(), names())) {
        earlier.forEach((module, factors) -> add(weights, module, factors));
        weights.refresh();
        return work.apply(weights);
      } finally {
        begun.close();
      }
    }
  }

  private static void add(TrainedWeights weights, String module, Factors factors) {
    weights
        .master(module + ".weight")
        .ifPresent(master -> master.plusInPlace(factors.b().matmul(factors.a()), factors.scale()));
  }
}
