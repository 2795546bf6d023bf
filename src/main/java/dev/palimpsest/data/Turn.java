package dev.palimpsest.data;

import java.util.Objects;

/**
 * One turn of a chat.
 *
 * @param role system, user, assistant or tool
 * @param train whether the turn is learned; true only for an assistant's
 */
public record Turn(String role, String content, boolean train) {
  static final String SYSTEM = "system";
  public static final String USER = "user";
  public static final String ASSISTANT = "assistant";
  static final String TOOL = "tool";

  public Turn {
    Objects.requireNonNull(role);
    Objects.requireNonNull(content);
    if (train && !role.equals(ASSISTANT)) {
      throw new IllegalArgumentException(
          "only an assistant's turn is trained, not a " + role + "'s");
    }
  }

  /** A turn of this role, trained if it is the assistant's. */
  public static Turn of(String role, String content) {
    return new Turn(role, content, role.equals(ASSISTANT));
  }

  /** Whether the assistant speaks. */
  public boolean answers() {
    return role.equals(ASSISTANT);
  }

  Turn untrained() {
    return new Turn(role, content, false);
  }
}
