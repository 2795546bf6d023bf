package dev.palimpsest.measure;

import dev.palimpsest.generate.Answer;
import dev.palimpsest.generate.Answerer;
import dev.palimpsest.generate.Continuation;
import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.Likelihood;
import dev.palimpsest.generate.Prompt;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Sha256;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;

/**
 * Puts a probe's items to a system; what the store knows is not asked again.
 *
 * @param store what is known, from this run and earlier ones
 * @param decoding how answers are drawn; a ledger's are greedy
 */
public record Measurement(ObservationStore store, Decoding decoding, Progress progress) {
  /** What an observation depends on and how it is made; another number makes all of them anew. */
  private static final String FORMAT = "observation/2";

  private static final int CHUNK = 64;

  /**
   * Refuses drawn answers: a draw hangs on its place among others, so it cannot be kept by item.
   */
  public Measurement {
    if (decoding.temperature() != 0) {
      throw new IllegalArgumentException(
          "temperature " + decoding.temperature() + ": a ledger's answers are greedy");
    }
  }

  /**
   * Observes every item.
   *
   * @param side named in the progress: before or after
   * @return in the order of the probe's items
   */
  List<Observation> observe(Probe probe, Graders graders, Subject subject, String side) {
    List<Recall.Keyed<ProbeItem>> items =
        probe.items().stream()
            .map(item -> new Recall.Keyed<>(key(item, graders, subject.key()), item))
            .toList();
    List<Observation> observed =
        new Recall<>(store, progress, Observation::json, Observation::parse)
            .observe(
                new Recall.Task(probe.name() + ", " + side, "items", CHUNK),
                items,
                () -> {
                  Answerer answerer = subject.answerer().get();
                  return chunk -> ask(chunk, graders, answerer, subject.loops());
                });
    graders.hear(observed);
    return observed;
  }

  private String key(ProbeItem item, Graders graders, SubjectKey subject) {
    ArrayNode parts = Json.mapper().createArrayNode();
    parts.add(FORMAT);
    subject.addTo(parts);
    parts.add(item.content());
    if (item instanceof ProbeItem.Ask ask) {
      parts.add(graders.of(ask.metric()).fingerprint());
      parts.add(decoding.maxTokens()).add(decoding.temperature()).add(decoding.topK());
      parts.add(decoding.topP()).add(decoding.seed());
      decoding.stop().forEach(parts::add);
    }
    return Sha256.of(parts.toString());
  }

  private List<Observation> ask(
      List<ProbeItem> chunk, Graders graders, Answerer answerer, Loops loops) {
    List<Prompt> prompts = new ArrayList<>();
    List<Continuation> continuations = new ArrayList<>();
    for (ProbeItem item : chunk) {
      switch (item) {
        case ProbeItem.Ask ask -> prompts.add(ask.prompt());
        case ProbeItem.Choose choose ->
            choose.choices().forEach(c -> continuations.add(new Continuation(choose.prompt(), c)));
        case ProbeItem.Read read ->
            continuations.add(new Continuation(new Prompt.Raw(""), read.text()));
      }
    }
    List<Answer> answers = prompts.isEmpty() ? List.of() : answerer.answer(prompts, decoding);
    List<Likelihood> likelihoods =
        continuations.isEmpty() ? List.of() : answerer.logLikelihoods(continuations);
    if (answers.size() != prompts.size() || likelihoods.size() != continuations.size()) {
      throw new IllegalStateException(
          "asked "
              + prompts.size()
              + " and "
              + continuations.size()
              + ", got "
              + answers.size()
              + " and "
              + likelihoods.size());
    }
    List<Observation> fresh = new ArrayList<>();
    int answer = 0;
    int likelihood = 0;
    for (ProbeItem item : chunk) {
      switch (item) {
        case ProbeItem.Ask ask -> fresh.add(graded(ask, answers.get(answer++), graders, loops));
        case ProbeItem.Choose choose -> {
          int end = likelihood + choose.choices().size();
          fresh.add(weighed(choose, likelihoods.subList(likelihood, end)));
          likelihood = end;
        }
        case ProbeItem.Read read -> fresh.add(coded(read, likelihoods.get(likelihood++)));
      }
    }
    return fresh;
  }

  private static Observation graded(
      ProbeItem.Ask ask, Answer answer, Graders graders, Loops loops) {
    return new Observation.Answered(
        graders.of(ask.metric()).grade(ask, answer.text()),
        answer.text(),
        loops.find(answer.ids()).isPresent(),
        answer.finish());
  }

  private static Observation weighed(ProbeItem.Choose item, List<Likelihood> choices) {
    choices.forEach(choice -> requireFinite(item, choice));
    return new Observation.Weighed(choices.stream().map(Likelihood::logprob).toList());
  }

  private static Observation coded(ProbeItem.Read item, Likelihood text) {
    requireFinite(item, text);
    if (text.bytes() < 1) {
      throw new BadInput(
          "item " + item.id() + ": a text of one token, the first of which is never scored");
    }
    return new Observation.Coded(-text.logprob() / Math.log(2), text.bytes(), text.tokens());
  }

  private static void requireFinite(ProbeItem item, Likelihood likelihood) {
    if (!Double.isFinite(likelihood.logprob())) {
      throw new BadInput(
          "item "
              + item.id()
              + ": its log-probability is "
              + likelihood.logprob()
              + "; the weights are damaged");
    }
  }
}
