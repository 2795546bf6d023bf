package dev.palimpsest.data;

import dev.palimpsest.tokenizer.Message;
import java.util.List;

/** What the encoder asks of a chat template. */
interface Template {
  String render(List<Message> messages);

  /** The conversation with the opening of the assistant's next turn. */
  String renderForReply(List<Message> messages);
}
