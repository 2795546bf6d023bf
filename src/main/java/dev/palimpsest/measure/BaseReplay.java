package dev.palimpsest.measure;

import dev.palimpsest.data.Dataset;
import dev.palimpsest.data.Mixing;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.Build;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.run.Sha256;
import dev.palimpsest.tune.Regularisers;
import dev.palimpsest.tune.TuneJob;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Replay that the model writes itself before it is trained (Sun et al., 1909.03329): nobody needs
 * the data that it once learned from.
 *
 * @param texts how many
 * @param tokens of each at most
 */
public record BaseReplay(int texts, int tokens, long seed) {
  /** More would take longer to write than to train on; epochs then share them. */
  private static final int MOST_TEXTS = 256;

  private static final int TOKENS = 64;

  /**
   * The job with texts in place of their stand-ins, in replay and for EWC; any other job as it is.
   *
   * @param folder where they are written, or stand from an earlier run
   */
  public static TuneJob written(TuneJob job, LanguageModel model, Path folder) {
    Regularisers held = job.regularisers();
    TuneJob elastic =
        held.ewc()
            .filter(Regularisers.Elastic::ofBase)
            .map(ewc -> ewc.withData(ofEwc(job, ewc).in(folder, model)))
            .map(ewc -> job.withRegularisers(held.with(ewc)))
            .orElse(job);
    return replayed(elastic, model, folder);
  }

  private static BaseReplay ofEwc(TuneJob job, Regularisers.Elastic ewc) {
    return new BaseReplay(ewc.texts(), TOKENS, job.settings().seed());
  }

  private static TuneJob replayed(TuneJob job, LanguageModel model, Path folder) {
    if (job.replay().isEmpty() || !job.replay().get().ofBase()) {
      return job;
    }
    double percent = job.replay().get().percent();
    int rows;
    try (Dataset data = job.data().rows()) {
      rows = data.size();
    }
    int needed = Math.clamp(Mixing.replayed(rows, percent), 1, MOST_TEXTS);
    BaseReplay replay = new BaseReplay(needed, TOKENS, job.settings().seed());
    return job.withReplay(job.replay().get().withFile(replay.in(folder, model)));
  }

  /** Writes the texts of this model into a folder, unless they stand there; gives their file. */
  public Path in(Path folder, LanguageModel model) {
    String key =
        String.join(
            " ",
            model.fingerprint(),
            model.decoder().precision().key(),
            Build.fingerprint(),
            texts + " texts of " + tokens + " tokens, seed " + seed);
    String name = Sha256.of(key).substring(0, 16);
    Path file = folder.resolve("replay-" + name + ".jsonl").toAbsolutePath();
    if (!Files.exists(file)) {
      write(file, model);
    }
    return file;
  }

  /** Writes the texts of this model into a file; other draws than a divergence's. */
  public void write(Path file, LanguageModel model) {
    StringBuilder lines = new StringBuilder();
    Seeds draws = new Seeds(new Seeds(seed).seed("replay"));
    for (int[] ids : BaseTexts.sample(model, texts, tokens, draws)) {
      lines.append(Json.write(Map.of("text", model.tokenizer().decode(ids)))).append('\n');
    }
    AtomicFile.write(file, lines.toString());
  }
}
