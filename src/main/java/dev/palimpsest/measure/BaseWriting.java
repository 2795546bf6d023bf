package dev.palimpsest.measure;

import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.run.Sha256;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;

/**
 * What divergences are measured along: texts and answers that the side before drew, once for any
 * number of models after.
 *
 * @param texts from nothing
 * @param answers to the probes' prompts
 * @param asked what the prompts are
 */
public record BaseWriting(
    TunedModel before,
    List<KlDivergence.Passage> texts,
    List<KlDivergence.Passage> answers,
    String asked) {
  /** What a measurement depends on and how it is made; another number makes all of them anew. */
  private static final String FORMAT = "divergence/1";

  private static final int CHUNK = 16;

  /**
   * Which texts.
   *
   * @param count how many; 0 for none
   * @param tokens of each at most
   * @param seed of their draws
   */
  public record Asked(int count, int tokens, long seed) {}

  /** Texts alone; the store keeps them, so that they are drawn once. */
  public static BaseWriting texts(
      TunedModel before, Asked asked, ObservationStore store, Progress progress) {
    if (asked.count == 0) {
      return new BaseWriting(before, List.of(), List.of(), "");
    }
    ArrayNode parts = Json.mapper().createArrayNode().add("texts/1");
    before.key().addTo(parts);
    parts.add(asked.count).add(asked.tokens).add(asked.seed);
    Recall.Keyed<Asked> all = new Recall.Keyed<>(Sha256.of(parts.toString()), asked);
    List<int[]> drawn =
        List.of(
            Recall.of(store, progress, Texts.class)
                .observe(
                    new Recall.Task("texts of the base", "samples", 1),
                    List.of(all),
                    () -> _ -> List.of(Texts.drawn(before, asked)))
                .getFirst()
                .ids());
    return new BaseWriting(before, BaseTexts.passages(drawn), List.of(), "");
  }

  private record Texts(int[][] ids) {
    static Texts drawn(TunedModel before, Asked asked) {
      return new Texts(
          BaseTexts.sample(before.model(), asked.count, asked.tokens, new Seeds(asked.seed))
              .toArray(int[][]::new));
    }
  }

  /** Draws what a ledger asks for. */
  static BaseWriting drawn(
      LedgerJob job, TunedModel before, ObservationStore store, Progress progress) {
    if (job.texts() == 0) {
      return new BaseWriting(before, List.of(), List.of(), "");
    }
    Seeds seeds = new Seeds(job.seed());
    TaskPrompts task = TaskPrompts.of(job.probes(), job.texts(), seeds);
    return new BaseWriting(
        before,
        texts(before, new Asked(job.texts(), job.textTokens(), job.seed()), store, progress).texts,
        task.answered(before, job.maxTokens(), seeds, progress),
        "sampled answers to " + task.named());
  }

  /** A ledger with how far a model of the same vocabulary moved. */
  public Ledger along(Ledger ledger, TunedModel after, ObservationStore store, Progress progress) {
    Recall<Divergence.Text> recall = Recall.of(store, progress, Divergence.Text.class);
    return ledger.with(
        along(BaseTexts.NAME, texts, after, recall), along(asked, answers, after, recall));
  }

  private Optional<Divergence> along(
      String on,
      List<KlDivergence.Passage> passages,
      TunedModel after,
      Recall<Divergence.Text> recall) {
    if (passages.isEmpty()) {
      return Optional.empty();
    }
    SubjectKey second = after.key();
    SubjectKey first = before.key();
    List<Divergence.Text> found =
        recall.observe(
            new Recall.Task("divergence on " + on, "texts", CHUNK),
            passages.stream()
                .map(passage -> new Recall.Keyed<>(key(passage, first, second), passage))
                .toList(),
            () -> KlDivergence.between(before, after, Progress.none())::along);
    return Optional.of(Divergence.of(on, found));
  }

  private static String key(KlDivergence.Passage passage, SubjectKey before, SubjectKey after) {
    ArrayNode parts = Json.mapper().createArrayNode();
    parts.add(FORMAT);
    before.addTo(parts);
    after.addTo(parts);
    parts.add(passage.from()).add(passage.ended());
    for (int id : passage.ids()) {
      parts.add(id);
    }
    return Sha256.of(parts.toString());
  }
}
