package dev.palimpsest.data;

/**
 * A sequence of tokens that is trained on or scored.
 *
 * @param id the sample's
 * @param ids its tokens
 * @param label whether token i is trained or scored; the first never is
 */
public record Example(String id, int[] ids, boolean[] label) {
  /** Checks the lengths. */
  public Example {
    if (ids.length == 0 || ids.length != label.length || label[0]) {
      throw new IllegalArgumentException(id + ": labels do not fit the tokens");
    }
  }

  /** How many tokens are labels. */
  public int labels() {
    int count = 0;
    for (boolean each : label) {
      count += each ? 1 : 0;
    }
    return count;
  }
}
