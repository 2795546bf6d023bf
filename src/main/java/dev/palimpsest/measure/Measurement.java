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
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;

/**
 * Puts a probe's items to a system, a chunk at a time, each chunk kept as soon as it is done: a
 * measurement that is killed goes on where it stopped, and what is known is not asked again.
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

  /** An item, and the hash of all that its observation depends on. */
  private record Keyed(String key, ProbeItem item) {}

  /**
   * Observes every item.
   *
   * @param side named in the progress: before or after
   * @return in the order of the probe's items
   */
  List<Observation> observe(Probe probe, Graders graders, Subject subject, String side) {
    List<Keyed> items = keyed(probe, graders, subject);
    Map<String, Observation> known = store.find(items.stream().map(Keyed::key).toList());
    List<Keyed> missing = new ArrayList<>();
    Set<String> seen = new HashSet<>(known.keySet());
    for (Keyed item : items) {
      if (seen.add(item.key())) {
        missing.add(item);
      }
    }
    String task = probe.name() + ", " + side;
    int done = items.size() - missing.size();
    progress.report(task, done, items.size(), "items");
    if (!missing.isEmpty()) {
      Answerer answerer = subject.answerer().get();
      for (int from = 0; from < missing.size(); from += CHUNK) {
        List<Keyed> chunk = missing.subList(from, Math.min(from + CHUNK, missing.size()));
        Map<String, Observation> fresh = ask(chunk, graders, answerer, subject.loops());
        store.append(fresh);
        known.putAll(fresh);
        progress.report(task, done + from + chunk.size(), items.size(), "items");
      }
    }
    return items.stream().map(item -> known.get(item.key())).toList();
  }

  private List<Keyed> keyed(Probe probe, Graders graders, Subject subject) {
    return probe.items().stream()
        .map(item -> new Keyed(key(item, graders, subject.key()), item))
        .toList();
  }

  private String key(ProbeItem item, Graders graders, SubjectKey subject) {
    ArrayNode parts = Json.mapper().createArrayNode();
    parts.add(FORMAT);
    parts.add(subject.weights()).add(subject.adapter()).add(subject.dtype());
    parts.add(subject.template()).add(subject.engine());
    parts.add(item.content());
    if (item instanceof ProbeItem.Ask ask) {
      parts.add(graders.of(ask.metric()).fingerprint());
      parts.add(decoding.maxTokens()).add(decoding.temperature()).add(decoding.topK());
      parts.add(decoding.topP()).add(decoding.seed());
      decoding.stop().forEach(parts::add);
    }
    return Sha256.of(parts.toString().getBytes(StandardCharsets.UTF_8));
  }

  private Map<String, Observation> ask(
      List<Keyed> chunk, Graders graders, Answerer answerer, Loops loops) {
    List<Prompt> prompts = new ArrayList<>();
    List<Continuation> continuations = new ArrayList<>();
    for (Keyed keyed : chunk) {
      switch (keyed.item()) {
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
    Map<String, Observation> fresh = new LinkedHashMap<>();
    int answer = 0;
    int likelihood = 0;
    for (Keyed keyed : chunk) {
      switch (keyed.item()) {
        case ProbeItem.Ask ask ->
            fresh.put(keyed.key(), graded(ask, answers.get(answer++), graders, loops));
        case ProbeItem.Choose choose -> {
          int end = likelihood + choose.choices().size();
          fresh.put(keyed.key(), weighed(choose, likelihoods.subList(likelihood, end)));
          likelihood = end;
        }
        case ProbeItem.Read read ->
            fresh.put(keyed.key(), coded(read, likelihoods.get(likelihood++)));
      }
    }
    return fresh;
  }

  private static Observation graded(
      ProbeItem.Ask ask, Answer answer, Graders graders, Loops loops) {
    Grade grade = graders.of(ask.metric()).grade(ask, answer.text());
    return new Observation.Answered(
        grade.right(),
        grade.score(),
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
