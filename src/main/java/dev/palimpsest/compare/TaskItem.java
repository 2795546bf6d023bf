package dev.palimpsest.compare;

import java.util.Optional;

/**
 * One question of a task with its right answer.
 *
 * @param slice which kind of item it is in the ledger's table; absent for training items
 */
public record TaskItem(String id, String prompt, String completion, Optional<String> slice) {
  /** An item without an id, a prompt or an answer is refused. */
  public TaskItem {
    if (id.isBlank() || prompt.isBlank() || completion.isBlank()) {
      throw new IllegalArgumentException("item " + id + ": empty id, prompt or completion");
    }
  }
}
