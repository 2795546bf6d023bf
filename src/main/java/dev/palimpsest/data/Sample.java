package dev.palimpsest.data;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** One row of data, as it was written: before any template or tokenizer. */
public sealed interface Sample {
  /** The row's name, unique in its file: its own {@code id}, or the row number from 1. */
  String id();

  /** The group that a report shows apart. */
  Optional<String> slice();

  /** A conversation. */
  record Chat(String id, Optional<String> slice, List<Turn> turns) implements Sample {
    public Chat {
      Objects.requireNonNull(id);
      turns = List.copyOf(turns);
      if (turns.isEmpty()) {
        throw new IllegalArgumentException("a chat has at least one turn");
      }
    }
  }

  /** A prompt and its completion. */
  record Pair(String id, Optional<String> slice, String prompt, String completion)
      implements Sample {
    public Pair {
      Objects.requireNonNull(id);
      Objects.requireNonNull(prompt);
      Objects.requireNonNull(completion);
    }
  }

  /** A plain document. */
  record Text(String id, Optional<String> slice, String text) implements Sample {
    public Text {
      Objects.requireNonNull(id);
      Objects.requireNonNull(text);
    }
  }
}
