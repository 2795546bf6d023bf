package dev.palimpsest.compare;

import java.util.List;
import java.util.Random;

/**
 * The ways of saying one piece of a question. Slots are written {@code {}} and filled in order.
 *
 * @param trained ways that training items use
 * @param heldOut ways that no training item uses
 */
record Wording(List<String> trained, List<String> heldOut) {
  /** Which of the ways a question uses. */
  enum Voice {
    TRAINED,
    HELD_OUT
  }

  Wording {
    trained = List.copyOf(trained);
    heldOut = List.copyOf(heldOut);
    if (trained.isEmpty() || heldOut.isEmpty()) {
      throw new IllegalArgumentException("a wording without ways: " + trained + heldOut);
    }
  }

  /** One of the ways, drawn, with its slots filled. */
  String say(Voice voice, Random random, String... values) {
    List<String> ways =
        switch (voice) {
          case TRAINED -> trained;
          case HELD_OUT -> heldOut;
        };
    String text = ways.get(random.nextInt(ways.size()));
    StringBuilder filled = new StringBuilder();
    int at = 0;
    for (String value : values) {
      int slot = text.indexOf("{}", at);
      if (slot < 0) {
        throw new IllegalArgumentException("more values than slots: " + text);
      }
      filled.append(text, at, slot).append(value);
      at = slot + 2;
    }
    return filled.append(text, at, text.length()).toString();
  }
}
