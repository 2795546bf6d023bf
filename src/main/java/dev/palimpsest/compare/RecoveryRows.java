package dev.palimpsest.compare;

import dev.palimpsest.generate.Prompt;
import dev.palimpsest.generate.Prompting;
import dev.palimpsest.measure.ProbeItem;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.tokenizer.Message;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Probe items as rows to train on: what they ask, and the right answer, which alone is learned. */
final class RecoveryRows {
  private RecoveryRows() {}

  /**
   * Training data.
   *
   * @param prompting what stands before every prompt
   * @throws BadInput if a prompt is raw
   */
  static String of(List<ProbeItem> items, Prompting prompting) {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < items.size(); i++) {
      rows.append(row(items.get(i), i + 1, prompting)).append('\n');
    }
    return rows.toString();
  }

  private static ObjectNode row(ProbeItem item, int number, Prompting prompting) {
    if (!(prompting.before(item.asks().orElseThrow()) instanceof Prompt.Chat chat)) {
      throw new BadInput(
          "item "
              + item.id()
              + ": a raw prompt is no conversation that could be trained on; leave out --raw");
    }
    ObjectNode row = Json.mapper().createObjectNode().put("id", number + " " + item.id());
    ArrayNode messages = row.putArray("messages");
    for (Message message : chat.messages()) {
      ObjectNode turn = messages.addObject();
      turn.put("role", message.role()).put("content", message.content());
      if (message.role().equals("assistant")) {
        turn.put("train", false);
      }
    }
    messages.addObject().put("role", "assistant").put("content", item.right().orElseThrow());
    return row;
  }
}
