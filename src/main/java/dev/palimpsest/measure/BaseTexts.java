package dev.palimpsest.measure;

import dev.palimpsest.generate.Answer;
import dev.palimpsest.generate.Answerer;
import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.generate.Prompt;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Seeds;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Texts that a model writes by itself: from BOS, at temperature 1, nothing cut away. */
public final class BaseTexts {
  static final String NAME = "texts sampled from the base";

  private BaseTexts() {}

  /**
   * So many texts of at most so many tokens; the same seed gives the same texts.
   *
   * @return ids of each, BOS first; texts that ended at once are left out
   */
  public static List<int[]> sample(LanguageModel base, int count, int tokens, Seeds seeds) {
    Answerer answerer = base.answerer(base.base(), Progress.none());
    Decoding decoding = Decoding.sample(tokens, seeds.seed("base texts"));
    List<int[]> texts = new ArrayList<>(count);
    for (Answer answer :
        answerer.answer(Collections.nCopies(count, new Prompt.Raw("")), decoding)) {
      if (answer.ids().length > 0) {
        int[] ids = new int[answer.ids().length + 1];
        ids[0] = base.beginning();
        System.arraycopy(answer.ids(), 0, ids, 1, answer.ids().length);
        texts.add(ids);
      }
    }
    return texts;
  }

  /**
   * The divergence along such texts.
   *
   * @param texts at least one
   */
  public static Divergence divergence(
      TunedModel before, TunedModel after, List<int[]> texts, Progress progress) {
    return KlDivergence.between(before, after, progress)
        .along(NAME, texts.stream().map(KlDivergence.Passage::whole).toList());
  }
}
