package dev.palimpsest.tune;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Dataset;
import dev.palimpsest.data.Encoder;
import dev.palimpsest.data.Example;
import dev.palimpsest.data.JoinedText;
import dev.palimpsest.data.Mixing;
import dev.palimpsest.data.Source;
import dev.palimpsest.data.Subset;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.run.BadInput;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The rows that a job names, as a model reads them. */
record TrainingData(TuneJob job, LanguageModel loaded) {
  /** What is trained on; old rows among it are read from their file until this is closed. */
  record Prepared(Source train, List<Example> heldOut, Optional<Dataset> replayed)
      implements AutoCloseable {
    Prepared(Source train, List<Example> heldOut) {
      this(train, heldOut, Optional.empty());
    }

    @Override
    public void close() {
      replayed.ifPresent(Dataset::close);
    }
  }

  /** All that a run trains on and holds out. */
  Prepared with(Dataset rows) {
    Prepared task = task(rows);
    if (job.replay().isEmpty()) {
      return task;
    }
    DataSpec spec = job.data().withFile(job.replay().get().file());
    Dataset old = spec.rows();
    try {
      // beside rows an old text is a row too: a window would be a far larger dose
      Source replayed =
          rows.onlyTexts() ? items(spec, old) : encoded(old, loaded, spec.encoding(context()));
      Source mix =
          Mixing.byItems(task.train, replayed, job.replay().get().percent(), job.settings().seed());
      return new Prepared(mix, task.heldOut, Optional.of(old));
    } catch (RuntimeException e) {
      old.close();
      throw e;
    }
  }

  /** What is replayed left out. */
  Prepared task(Dataset rows) {
    if (job.eval().isPresent()) {
      DataSpec spec = job.data().withFile(job.eval().get());
      try (Dataset held = spec.rows()) {
        return new Prepared(items(job.data(), rows), examples(items(spec, held)));
      }
    }
    if (job.evalFraction() == 0) {
      return new Prepared(items(job.data(), rows), List.of());
    }
    Source all = whole(job.data(), rows);
    Subset.Halves halves = Subset.split(all, job.evalFraction(), job.settings().seed());
    int left = halves.train().size();
    if (left < Math.min(all.size(), job.settings().batch())) {
      throw new BadInput(
          "--eval-fraction %s leaves %d of %d rows to train on, fewer than one --batch of %d: hold out less"
              .formatted(job.evalFraction(), left, all.size(), job.settings().batch()));
    }
    return new Prepared(
        cut(job.data(), rows, halves.train()), examples(cut(job.data(), rows, halves.heldOut())));
  }

  private Source items(DataSpec spec, Dataset rows) {
    return cut(spec, rows, whole(spec, rows));
  }

  private Source whole(DataSpec spec, Dataset rows) {
    return encoded(rows, loaded, rows.onlyTexts() ? spec.wholeTexts() : spec.encoding(context()));
  }

  /** Texts alone are joined and cut: continued pretraining. */
  private Source cut(DataSpec spec, Dataset rows, Source whole) {
    return rows.onlyTexts() ? new JoinedText(whole, spec.window(context())) : whole;
  }

  /** Rows as they are, however many tokens. */
  static Source encoded(Dataset rows, LanguageModel loaded, Encoder.Options options) {
    Encoder encoder = loaded.encoder(options);
    encoder.admit(rows);
    return Source.of(rows, encoder);
  }

  /** Tokens that a row may have. */
  int context() {
    return loaded.decoder().config().context() - job.method().virtualTokens();
  }

  /** All that a source has, once. */
  static List<Example> examples(Source source) {
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < source.size(); i++) {
      examples.addAll(source.at(i, 0));
    }
    return examples;
  }
}
