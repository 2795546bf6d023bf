package dev.palimpsest.measure;

import dev.palimpsest.generate.Answer;
import dev.palimpsest.generate.Answerer;
import dev.palimpsest.generate.Continuation;
import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.FinishReason;
import dev.palimpsest.generate.Likelihood;
import dev.palimpsest.generate.Prompt;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;

/** Answers by functions, one token a character, and remembers what it was asked. */
final class FakeAnswerer implements Answerer {
  final List<String> asked = new ArrayList<>();
  final List<Continuation> judged = new ArrayList<>();
  private final UnaryOperator<String> answers;
  private final ToDoubleFunction<String> logprobs;

  FakeAnswerer(UnaryOperator<String> answers, ToDoubleFunction<String> logprobs) {
    this.answers = answers;
    this.logprobs = logprobs;
  }

  private static String text(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Raw raw -> raw.text();
      case Prompt.Chat chat -> chat.messages().getLast().content();
    };
  }

  @Override
  public List<Answer> answer(List<Prompt> prompts, Decoding decoding) {
    List<Answer> all = new ArrayList<>();
    for (Prompt prompt : prompts) {
      String answer = answers.apply(text(prompt));
      asked.add(text(prompt));
      all.add(new Answer(answer, answer.chars().toArray(), FinishReason.STOP));
    }
    return all;
  }

  @Override
  public List<Likelihood> logLikelihoods(List<Continuation> continuations) {
    judged.addAll(continuations);
    return continuations.stream()
        .map(
            each ->
                new Likelihood(
                    logprobs.applyAsDouble(each.completion()),
                    each.completion().length(),
                    each.completion().getBytes(StandardCharsets.UTF_8).length - 1,
                    false))
        .toList();
  }
}
