package dev.palimpsest.tokenizer;

/**
 * Token ids with the place in the text where each one ends.
 *
 * @param ids token ids
 * @param ends {@code ends[i]}: index in chars of the text just past token i; where several tokens
 *     share one character, all of them end past it
 */
@SuppressWarnings("ArrayRecordComponent") // shared, never written: one entry a token
public record Encoding(int[] ids, int[] ends) {
  /** Checks that there is one end for each id. */
  public Encoding {
    if (ids.length != ends.length) {
      throw new IllegalArgumentException(
          "an encoding has " + ids.length + " ids and " + ends.length + " ends, expected as many");
    }
  }
}
