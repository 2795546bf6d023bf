package dev.palimpsest.generate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Words and signs with ids of their own, for texts whose tokens are not told. */
final class Pieces {
  private static final Pattern PIECE = Pattern.compile("\\s*(?:[\\p{L}\\p{M}\\p{N}_]+|\\S)|\\s+$");

  private final Map<String, Integer> ids = new HashMap<>();
  private final List<String> texts = new ArrayList<>();

  /** One id a piece; the pieces together are the text. */
  synchronized int[] ids(String text) {
    List<Integer> found = new ArrayList<>();
    Matcher matcher = PIECE.matcher(text);
    while (matcher.find()) {
      String piece = matcher.group();
      Integer known = ids.get(piece);
      if (known == null) {
        known = texts.size();
        ids.put(piece, known);
        texts.add(piece);
      }
      found.add(known);
    }
    return found.stream().mapToInt(Integer::intValue).toArray();
  }

  synchronized String text(int[] pieces) {
    StringBuilder text = new StringBuilder();
    for (int piece : pieces) {
      text.append(texts.get(piece));
    }
    return text.toString();
  }
}
