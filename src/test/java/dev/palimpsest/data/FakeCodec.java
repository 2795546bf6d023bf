package dev.palimpsest.data;

import dev.palimpsest.tokenizer.Encoding;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A tokenizer whose tokens are {@code <…>} marks and pieces of text; how the text is cut into
 * pieces is drawn from a seed, so that pieces cross any boundary that is not a mark.
 */
final class FakeCodec implements Codec {
  private static final Pattern MARK = Pattern.compile("<[|/_a-z]+>");

  private final int longest;
  private final long seed;
  private final String lead;
  private final String trail;
  private final Map<String, Integer> ids = new HashMap<>();
  private final List<String> pieces = new ArrayList<>();
  private final Set<Integer> special = new HashSet<>();

  FakeCodec(int longest, long seed, String lead, String trail) {
    this.longest = longest;
    this.seed = seed;
    this.lead = lead;
    this.trail = trail;
  }

  /** A token a char, nothing around documents. */
  static FakeCodec chars() {
    return new FakeCodec(1, 0, "", "");
  }

  @Override
  public Encoding encode(String text) {
    List<Integer> tokens = new ArrayList<>();
    List<Integer> ends = new ArrayList<>();
    Matcher marks = MARK.matcher(text);
    int at = 0;
    while (at < text.length()) {
      boolean more = marks.find(at);
      int stop = more ? marks.start() : text.length();
      while (at < stop) {
        int length = 1 + Math.floorMod(Hashes.mix(seed + at * 31L + text.charAt(at)), longest);
        int end = Math.min(stop, at + length);
        tokens.add(id(text.substring(at, end), false));
        ends.add(end);
        at = end;
      }
      if (more) {
        tokens.add(id(marks.group(), true));
        ends.add(marks.end());
        at = marks.end();
      }
    }
    return new Encoding(ints(tokens), ints(ends));
  }

  @Override
  public int[] encodeDocument(String text) {
    return encode(lead + text + trail).ids();
  }

  @Override
  public boolean isSpecial(int id) {
    return special.contains(id);
  }

  String decode(int[] tokens) {
    StringBuilder text = new StringBuilder();
    for (int token : tokens) {
      text.append(pieces.get(token));
    }
    return text.toString();
  }

  /** The tokens that are marked, as text. */
  String labels(Example example) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < example.length(); i++) {
      if (example.label()[i]) {
        text.append(pieces.get(example.ids()[i]));
      }
    }
    return text.toString();
  }

  private int id(String piece, boolean mark) {
    int id =
        ids.computeIfAbsent(
            piece,
            p -> {
              pieces.add(p);
              return pieces.size() - 1;
            });
    if (mark) {
      special.add(id);
    }
    return id;
  }

  private static int[] ints(List<Integer> values) {
    return values.stream().mapToInt(Integer::intValue).toArray();
  }
}
