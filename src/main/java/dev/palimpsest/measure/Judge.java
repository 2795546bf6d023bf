package dev.palimpsest.measure;

import dev.palimpsest.generate.Answerer;
import dev.palimpsest.generate.Decoding;
import dev.palimpsest.generate.Prompt;
import dev.palimpsest.generate.Replies;
import dev.palimpsest.tokenizer.Message;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A model that compares two answers by a rubric, once in each order, since judges lean to a place
 * (Zheng and others, Judging LLM-as-a-Judge, 2023).
 *
 * @param name as the user wrote it
 * @param key what its verdicts depend on
 * @param verdicts that it gave before
 */
record Judge(String name, String key, Answerer answerer, Replies verdicts) {
  private static final Decoding DECODING = Decoding.greedy(16);

  static Judge of(String name, Subject subject, ObservationStore store) {
    String key = subject.key().toString();
    return new Judge(name, key, subject.answerer().get(), store.replies("verdict of " + key));
  }

  /** What one reply says of an answer, held against the completion. */
  enum Word {
    BETTER,
    SAME,
    WORSE,
    /** No word that was asked for. */
    UNCLEAR;

    boolean asGood() {
      return this == BETTER || this == SAME;
    }
  }

  /** Replies to both orders. */
  record Verdict(Word second, Word first) {
    /** Both find the answer at least as good as the completion. */
    boolean asGood() {
      return second.asGood() && first.asGood();
    }

    boolean turned() {
      return second != first;
    }
  }

  Verdict compare(Prompt question, String rubric, String completion, String answer) {
    String second = ask(question, rubric, completion, answer);
    String first = ask(question, rubric, answer, completion);
    return verdicts.recall(second + "\n" + first, Verdict.class, () -> verdict(second, first));
  }

  private Verdict verdict(String second, String first) {
    List<String> replies =
        answerer.answer(List.of(Prompt.Chat.of(second), Prompt.Chat.of(first)), DECODING).stream()
            .map(reply -> said(reply.text()))
            .toList();
    return new Verdict(word(replies.get(0), "b", "a"), word(replies.get(1), "a", "b"));
  }

  private static String ask(Prompt question, String rubric, String a, String b) {
    return """
    Two answers to a question are compared by a rubric.

    Question:
    %s

    Rubric:
    %s

    Answer A:
    %s

    Answer B:
    %s

    Which answer meets the rubric better? Reply with one word: A, B or same.\
    """
        .formatted(text(question), rubric, a, b);
  }

  private static String text(Prompt question) {
    return switch (question) {
      case Prompt.Raw raw -> raw.text();
      case Prompt.Chat chat when chat.messages().size() == 1 ->
          chat.messages().getFirst().content();
      case Prompt.Chat chat ->
          chat.messages().stream().map(Judge::line).collect(Collectors.joining("\n"));
    };
  }

  private static String line(Message message) {
    return message.role() + ": " + message.content();
  }

  /** The first word of a reply, "answer" before it passed over. */
  private static String said(String reply) {
    String words = ExactMatch.normalised(reply).replaceFirst("^answer ", "");
    return words.split(" ", 2)[0];
  }

  private static Word word(String said, String answer, String completion) {
    if (said.equals("same")) {
      return Word.SAME;
    }
    if (said.equals(answer)) {
      return Word.BETTER;
    }
    return said.equals(completion) ? Word.WORSE : Word.UNCLEAR;
  }
}
