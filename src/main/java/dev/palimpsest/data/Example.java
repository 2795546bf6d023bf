package dev.palimpsest.data;

import java.util.Objects;

/**
 * A sample as token ids.
 *
 * @param id the sample's
 * @param ids tokens, without padding
 * @param label {@code label[i]}: token i is trained or scored, given those before it; never token 0
 * @param origin what it is trained for
 */
@SuppressWarnings("ArrayRecordComponent") // shared, never written: one entry a token
public record Example(String id, int[] ids, boolean[] label, Origin origin) {
  /** What an example is trained for. */
  public enum Origin {
    /** To be learned. */
    TASK,
    /** Not to be forgotten. */
    REPLAY
  }

  /** An example to be learned. */
  public Example(String id, int[] ids, boolean[] label) {
    this(id, ids, label, Origin.TASK);
  }

  /** The same, not to be forgotten. */
  Example replayed() {
    return new Example(id, ids, label, Origin.REPLAY);
  }

  public Example {
    Objects.requireNonNull(id);
    if (ids.length != label.length) {
      throw new IllegalArgumentException(ids.length + " ids and " + label.length + " label marks");
    }
    if (label.length > 0 && label[0]) {
      throw new IllegalArgumentException("the first token has nothing before it to tell it by");
    }
  }

  /** How many tokens are trained or scored. */
  public int labels() {
    int count = 0;
    for (boolean marked : label) {
      count += marked ? 1 : 0;
    }
    return count;
  }

  /** The first token that is trained or scored; {@link #length} if none is. */
  public int firstLabel() {
    int first = 0;
    while (first < label.length && !label[first]) {
      first++;
    }
    return first;
  }

  /** How many tokens there are. */
  public int length() {
    return ids.length;
  }
}
