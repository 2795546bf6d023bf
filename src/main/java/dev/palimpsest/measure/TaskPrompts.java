package dev.palimpsest.measure;

import dev.palimpsest.generate.Answer;
import dev.palimpsest.generate.Answerer;
import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.FinishReason;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.generate.Prompt;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Prompts that a ledger's probes ask, for the divergence on the task. KL on the task's own inputs
 * is what forgetting was found to go with (Shenfeld, Pari, Agrawal: RL's Razor, 2025).
 *
 * @param kind of the probes that they are of
 * @param prompts all different
 */
record TaskPrompts(ProbeKind kind, List<Prompt> prompts) {
  TaskPrompts {
    prompts = List.copyOf(prompts);
  }

  /**
   * Some of the gain probes' prompts; of the retention probes' where no gain probe has any.
   *
   * @param most how many at most, drawn without looking at their answers
   */
  static TaskPrompts of(List<Probe> probes, int most, Seeds seeds) {
    List<Prompt> gain = of(probes, ProbeKind.GAIN);
    ProbeKind kind = gain.isEmpty() ? ProbeKind.RETENTION : ProbeKind.GAIN;
    List<Prompt> all = new ArrayList<>(gain.isEmpty() ? of(probes, kind) : gain);
    Collections.shuffle(all, Random.from(seeds.generator("task prompts")));
    return new TaskPrompts(kind, all.subList(0, Math.min(most, all.size())));
  }

  private static List<Prompt> of(List<Probe> probes, ProbeKind kind) {
    return probes.stream()
        .filter(probe -> probe.kind() == kind)
        .flatMap(probe -> probe.items().stream())
        .flatMap(item -> item.asks().stream())
        .distinct()
        .toList();
  }

  /** What the prompts are, for a table. */
  String named() {
    return kind == ProbeKind.GAIN ? "gain probes' prompts" : "retention probes' prompts";
  }

  /**
   * Each prompt with an answer that the model draws at temperature 1, nothing cut away; what counts
   * is the answer, and that it ended if it did.
   *
   * @param tokens of an answer at most
   */
  List<KlDivergence.Passage> answered(TunedModel by, int tokens, Seeds seeds, Progress progress) {
    LanguageModel model = by.model();
    Answerer answerer = model.answerer(by.decoder(), progress);
    List<Answer> answers =
        answerer.answer(prompts, Decoding.sample(tokens, seeds.seed("task answers")));
    List<KlDivergence.Passage> passages = new ArrayList<>(prompts.size());
    for (int i = 0; i < prompts.size(); i++) {
      int[] asked = model.promptIds(prompts.get(i));
      Answer answer = answers.get(i);
      int[] ids = Arrays.copyOf(asked, asked.length + answer.ids().length);
      System.arraycopy(answer.ids(), 0, ids, asked.length, answer.ids().length);
      passages.add(
          new KlDivergence.Passage(ids, asked.length, answer.finish() == FinishReason.STOP));
    }
    return passages;
  }
}
