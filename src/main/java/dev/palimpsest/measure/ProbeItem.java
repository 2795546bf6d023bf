package dev.palimpsest.measure;

import dev.palimpsest.generate.Prompt;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** One held-out item of a probe. */
public sealed interface ProbeItem {
  /** Unique in its probe. */
  String id();

  /** Which row of the table it counts in, beside the probe's own. */
  Optional<String> slice();

  /** What it asks, without its id and slice: equal contents are measured once. */
  String content();

  /** Its prompt; a text has none. */
  default Optional<Prompt> asks() {
    return switch (this) {
      case Ask ask -> Optional.of(ask.prompt());
      case Choose choose -> Optional.of(choose.prompt());
      case Read _ -> Optional.empty();
    };
  }

  /** Its prompt in words, for people; a text has none. */
  default Optional<String> asked() {
    return Optional.empty();
  }

  /** Its right answer; a text has none. */
  default Optional<String> right() {
    return Optional.empty();
  }

  /**
   * Answered greedily, and graded.
   *
   * @param completion the right answer
   */
  record Ask(String id, Optional<String> slice, Prompt prompt, String completion, Metric metric)
      implements ProbeItem {
    @Override
    public String content() {
      return Contents.of("ask", prompt, List.of(completion, metric.settings().toString()));
    }

    @Override
    public Optional<String> asked() {
      return Optional.of(words(prompt));
    }

    @Override
    public Optional<String> right() {
      return Optional.of(completion);
    }
  }

  /**
   * One of several completions, by likelihood.
   *
   * @param choices at least two, all different
   * @param answer index of the right one
   */
  record Choose(String id, Optional<String> slice, Prompt prompt, List<String> choices, int answer)
      implements ProbeItem {
    /** Copies the choices. */
    public Choose {
      choices = List.copyOf(choices);
      if (choices.size() < 2 || answer < 0 || answer >= choices.size()) {
        throw new IllegalArgumentException(
            "item " + id + ": answer " + answer + " of " + choices.size() + " choices");
      }
    }

    @Override
    public String content() {
      return Contents.of("choose " + answer, prompt, choices);
    }

    @Override
    public Optional<String> asked() {
      return Optional.of(words(prompt));
    }

    @Override
    public Optional<String> right() {
      return Optional.of(choices.get(answer));
    }
  }

  private static String words(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Raw raw -> raw.text();
      case Prompt.Chat chat when chat.messages().size() == 1 ->
          chat.messages().getFirst().content();
      case Prompt.Chat chat ->
          chat.messages().stream()
              .map(message -> message.role() + ": " + message.content())
              .collect(Collectors.joining("\n"));
    };
  }

  /** A text whose bits a byte are measured. */
  record Read(String id, Optional<String> slice, String text) implements ProbeItem {
    @Override
    public String content() {
      return Contents.of("read", new Prompt.Raw(""), List.of(text));
    }
  }
}
