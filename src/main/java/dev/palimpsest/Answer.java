package dev.palimpsest;

import dev.palimpsest.generate.GenerateReport;

/**
 * One answer.
 *
 * @param id of the prompt
 * @param text without the end token
 * @param tokens without the end token
 * @param end why it ends
 */
public record Answer(String id, String text, int tokens, End end) {
  /** Why an answer ends. */
  public enum End {
    /** The model ended it, or a stop text did. */
    STOP,
    /** It reached the most tokens. */
    LENGTH
  }

  static Answer of(GenerateReport.Item item) {
    End end = item.finishReason().equals("length") ? End.LENGTH : End.STOP;
    return new Answer(item.id(), item.text(), item.tokens(), end);
  }
}
