package dev.palimpsest.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Documents joined and cut into windows of equal length, for continued pretraining. A window holds
 * the parts of documents that fall into it, each an example of its own, so that attention does not
 * cross from one document to the next. A part that goes on with a document begins with the token
 * before it, so that every token but a document's first is a label once an epoch. Tokens are held
 * in memory, four bytes each.
 */
public final class JoinedText implements Source {
  /** Tokens of a window, if nothing is said; as TRL's SFTConfig has it (max_length). */
  public static final int LENGTH = 1024;

  private final List<String> names = new ArrayList<>();
  private int[] starts = new int[1024];
  private int[] ids = new int[1 << 16];
  private final int[] cuts;

  /**
   * Windows of at most {@code length} tokens, full but for the last one and where a document's
   * first token would stand alone at the end.
   *
   * @param documents whole documents, as {@link Encoder#document} gives them
   */
  public JoinedText(Source documents, int length) {
    if (length < 2) {
      throw new IllegalArgumentException("windows of " + length + " tokens teach nothing");
    }
    for (int i = 0; i < documents.size(); i++) {
      documents.at(i, 0).forEach(this::add);
    }
    if (total() == 0) {
      throw new IllegalArgumentException("no documents with tokens");
    }
    this.cuts = cuts(length);
  }

  private void add(Example document) {
    int from = total();
    int to = Math.addExact(from, document.length());
    if (to > ids.length) {
      ids = Arrays.copyOf(ids, (int) Math.min(Integer.MAX_VALUE - 8L, Math.max(to, from * 2L)));
    }
    System.arraycopy(document.ids(), 0, ids, from, document.length());
    names.add(document.id());
    if (names.size() == starts.length) {
      starts = Arrays.copyOf(starts, starts.length * 2);
    }
    starts[names.size()] = to;
  }

  private int total() {
    return starts[names.size()];
  }

  /** Where each window begins, and the end of the last. */
  private int[] cuts(int length) {
    int[] found = new int[16];
    int count = 0;
    while (found[count] < total()) {
      int from = found[count];
      int room = length - (begins(from) ? 0 : 1);
      int to = total() - from <= room ? total() : from + room;
      int last = to - 1;
      boolean lonely = to < total() && last > from && begins(last) && !begins(to);
      if (++count == found.length) {
        found = Arrays.copyOf(found, found.length * 2);
      }
      found[count] = lonely ? last : to;
    }
    return Arrays.copyOf(found, count + 1);
  }

  private boolean begins(int token) {
    return Arrays.binarySearch(starts, 0, names.size() + 1, token) >= 0;
  }

  @Override
  public int size() {
    return cuts.length - 1;
  }

  @Override
  public List<Example> at(int index, int epoch) {
    int to = cuts[index + 1];
    int found = Arrays.binarySearch(starts, 0, names.size() + 1, cuts[index]);
    int document = found >= 0 ? found : -found - 2;
    List<Example> parts = new ArrayList<>();
    for (int at = cuts[index]; at < to; document++) {
      int end = Math.min(to, starts[document + 1]);
      int from = Math.max(starts[document], at - 1);
      if (end > at) {
        boolean[] label = new boolean[end - from];
        Arrays.fill(label, 1, label.length, true);
        parts.add(new Example(names.get(document), Arrays.copyOfRange(ids, from, end), label));
      }
      at = end;
    }
    return parts;
  }
}
