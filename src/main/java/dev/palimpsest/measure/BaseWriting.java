package dev.palimpsest.measure;

import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.run.Sha256;
import java.nio.charset.StandardCharsets;
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
record BaseWriting(
    TunedModel before,
    List<KlDivergence.Passage> texts,
    List<KlDivergence.Passage> answers,
    String asked) {
  /** What a measurement depends on and how it is made; another number makes all of them anew. */
  private static final String FORMAT = "divergence/1";

  private static final int CHUNK = 16;

  /** Draws what a ledger asks for. */
  static BaseWriting drawn(LedgerJob job, TunedModel before, Progress progress) {
    if (job.texts() == 0) {
      return new BaseWriting(before, List.of(), List.of(), "");
    }
    Seeds seeds = new Seeds(job.seed());
    TaskPrompts task = TaskPrompts.of(job.probes(), job.texts(), seeds);
    return new BaseWriting(
        before,
        BaseTexts.passages(BaseTexts.sample(before.model(), job.texts(), job.textTokens(), seeds)),
        task.answered(before, job.maxTokens(), seeds, progress),
        "sampled answers to " + task.named());
  }

  /** A ledger with how far a model of the same vocabulary moved. */
  Ledger along(Ledger ledger, TunedModel after, ObservationStore store, Progress progress) {
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
    return Sha256.of(parts.toString().getBytes(StandardCharsets.UTF_8));
  }
}
