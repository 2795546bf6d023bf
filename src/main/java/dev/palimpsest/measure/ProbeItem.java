package dev.palimpsest.measure;

import dev.palimpsest.generate.Prompt;
import java.util.List;
import java.util.Optional;

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
  }

  /** A text whose bits a byte are measured. */
  record Read(String id, Optional<String> slice, String text) implements ProbeItem {
    @Override
    public String content() {
      return Contents.of("read", new Prompt.Raw(""), List.of(text));
    }
  }
}
