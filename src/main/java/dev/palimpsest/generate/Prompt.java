package dev.palimpsest.generate;

import dev.palimpsest.tokenizer.Message;
import java.util.List;

/** What an answerer is given. */
public sealed interface Prompt {
  /** A conversation that waits for the assistant's turn. */
  record Chat(List<Message> messages) implements Prompt {
    /** Copies the messages. */
    public Chat {
      messages = List.copyOf(messages);
    }

    /** One user turn. */
    public static Chat of(String user) {
      return new Chat(List.of(new Message("user", user)));
    }
  }

  /** A text to go on from, as it stands. */
  record Raw(String text) implements Prompt {}
}
