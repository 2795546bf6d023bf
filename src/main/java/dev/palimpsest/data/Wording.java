package dev.palimpsest.data;

import java.util.Locale;
import java.util.regex.Pattern;

/** The words of a sample, for comparing samples with each other; system turns are left out. */
record Wording(String prompt, String answer) {
  private static final Pattern OUTSIDE = Pattern.compile("[^\\p{L}\\p{N}_]+");

  static Wording of(Sample sample) {
    return switch (sample) {
      case Sample.Pair pair -> new Wording(pair.prompt(), pair.completion());
      case Sample.Text text -> new Wording("", text.text());
      case Sample.Chat chat -> of(chat);
    };
  }

  private static Wording of(Sample.Chat chat) {
    int last = chat.turns().size() - 1;
    while (last >= 0 && !chat.turns().get(last).answers()) {
      last--;
    }
    StringBuilder before = new StringBuilder();
    for (int i = 0; i < chat.turns().size() && i != last; i++) {
      if (!chat.turns().get(i).role().equals(Turn.SYSTEM)) {
        before.append(chat.turns().get(i).content()).append('\n');
      }
    }
    return new Wording(before.toString(), last < 0 ? "" : chat.turns().get(last).content());
  }

  /** Case-folded, runs outside letters, digits and {@code _} become one space, trimmed. */
  static String normal(String text) {
    return OUTSIDE.matcher(text.toLowerCase(Locale.ROOT)).replaceAll(" ").strip();
  }

  String all() {
    return prompt + "\n" + answer;
  }
}
