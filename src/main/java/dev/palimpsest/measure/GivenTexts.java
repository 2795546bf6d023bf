package dev.palimpsest.measure;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Dataset;
import dev.palimpsest.data.Encoder;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Problems;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tune.TuneJob;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Texts that models are run along: the rows of a file, or what the base itself writes.
 *
 * @param file data; {@link TuneJob.Replay#OF_BASE} for the base's own
 * @param count of the base's own; 0 with a file
 */
public record GivenTexts(Path file, int count) {
  private static final String BASE = TuneJob.Replay.OF_BASE + ":";

  /**
   * Reads {@code FILE} or {@code base:N}.
   *
   * @param option that a user gave it by
   */
  public static GivenTexts parse(String option, String text) {
    Path file = Path.of(text);
    return text.startsWith(BASE) && !Files.exists(file)
        ? new GivenTexts(TuneJob.Replay.OF_BASE, count(option, text))
        : new GivenTexts(file.toAbsolutePath(), 0);
  }

  private static int count(String option, String text) {
    try {
      int texts = Integer.parseInt(text.substring(BASE.length()));
      if (texts > 0) {
        return texts;
      }
    } catch (NumberFormatException e) {
      throw new BadInput(option + " " + text + ": how many texts? give base:64", e);
    }
    throw new BadInput(option + " " + text + ": give 1 text or more");
  }

  /** What they are, for people. */
  String named() {
    return count > 0 ? BaseTexts.NAME : file.getFileName().toString();
  }

  /**
   * Their ids, of two tokens at least, so that one follows another.
   *
   * @param draws of the base's own
   * @throws BadInput naming the rows that are none, or are longer than the model's context
   */
  public List<int[]> ids(LanguageModel base, Seeds draws) {
    List<int[]> texts =
        count > 0 ? BaseTexts.sample(base, count, LedgerJob.TEXT_TOKENS, draws) : rows(base);
    if (texts.isEmpty()) {
      throw new BadInput(named() + ": no text of two tokens; give others, or more");
    }
    return texts;
  }

  private List<int[]> rows(LanguageModel base) {
    DataSpec data = DataSpec.of(file);
    Problems problems = new Problems();
    List<int[]> texts = new ArrayList<>();
    try (Dataset rows = data.rows()) {
      Encoder encoder = base.encoder(data.encoding(base.decoder().config().context()));
      for (int row = 0; row < rows.size(); row++) {
        int[] ids = encoder.example(rows.sample(row)).ids();
        texts.add(ids);
        if (ids.length < 2) {
          problems.add(rows.where(row) + ": nothing follows its first token; leave it out");
        }
      }
    }
    problems.throwIfAny(file.toString());
    return texts;
  }
}
