package dev.palimpsest.data;

import java.util.ArrayList;
import java.util.List;

/**
 * Several documents end to end, without padding. A document sees only itself.
 *
 * @param ids tokens of all documents
 * @param starts where each document begins, and at the end where the last one ends
 * @param labelRows rows whose next token, in the same document, is a label; ascending
 * @param labels those next tokens
 */
@SuppressWarnings("ArrayRecordComponent") // shared, never written: one entry a token
public record Pack(int[] ids, int[] starts, int[] labelRows, int[] labels) {
  public Pack {
    if (labelRows.length != labels.length
        || starts.length < 2
        || starts[0] != 0
        || starts[starts.length - 1] != ids.length) {
      throw new IllegalArgumentException(
          "a pack of "
              + ids.length
              + " ids has "
              + starts.length
              + " starts, "
              + labelRows.length
              + " label rows and "
              + labels.length
              + " labels");
    }
  }

  /** The examples one after another. */
  public static Pack of(List<Example> examples) {
    int tokens = 0;
    int marked = 0;
    for (Example example : examples) {
      tokens = Math.addExact(tokens, example.length());
      marked += example.labels();
    }
    int[] ids = new int[tokens];
    int[] starts = new int[examples.size() + 1];
    int[] labelRows = new int[marked];
    int[] labels = new int[marked];
    int at = 0;
    int label = 0;
    for (int d = 0; d < examples.size(); d++) {
      Example example = examples.get(d);
      System.arraycopy(example.ids(), 0, ids, at, example.length());
      for (int i = 1; i < example.length(); i++) {
        if (example.label()[i]) {
          labelRows[label] = at + i - 1;
          labels[label] = example.ids()[i];
          label++;
        }
      }
      at += example.length();
      starts[d + 1] = at;
    }
    return new Pack(ids, starts, labelRows, labels);
  }

  /**
   * The examples, in order, in groups of at most {@code tokens} tokens; a longer one stands alone.
   * Losses summed over the groups are those of one pack.
   */
  public static List<List<Example>> groups(List<Example> examples, int tokens) {
    List<List<Example>> groups = new ArrayList<>();
    List<Example> group = new ArrayList<>();
    long held = 0;
    for (Example example : examples) {
      if (!group.isEmpty() && held + example.length() > tokens) {
        groups.add(List.copyOf(group));
        group.clear();
        held = 0;
      }
      group.add(example);
      held += example.length();
    }
    if (!group.isEmpty()) {
      groups.add(List.copyOf(group));
    }
    return groups;
  }

  /** How many documents there are. */
  public int documents() {
    return starts.length - 1;
  }
}
