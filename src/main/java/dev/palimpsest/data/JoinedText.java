package dev.palimpsest.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Documents joined and cut into pieces of equal length, for continued pretraining. A piece holds
 * the parts of documents that fall into it, each an example of its own, so that attention does not
 * cross from one document to the next. Tokens are held in memory, four bytes each.
 */
public final class JoinedText implements Source {
  private final int length;
  private final List<String> names = new ArrayList<>();
  private int[] starts = new int[1024];
  private int[] ids = new int[1 << 16];

  /**
   * Pieces of {@code length} tokens; the last one may be shorter.
   *
   * @param documents whole documents, as {@link Encoder#document} gives them
   */
  public JoinedText(Iterable<Example> documents, int length) {
    if (length < 2) {
      throw new IllegalArgumentException("pieces of " + length + " tokens teach nothing");
    }
    this.length = length;
    for (Example document : documents) {
      add(document);
    }
    if (size() == 0) {
      throw new IllegalArgumentException("no documents with tokens");
    }
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

  @Override
  public int size() {
    return Math.ceilDiv(total(), length);
  }

  @Override
  public List<Example> at(int index, int epoch) {
    int from = index * length;
    int to = Math.min(total(), from + length);
    int found = Arrays.binarySearch(starts, 0, names.size() + 1, from);
    int document = found >= 0 ? found : -found - 2;
    List<Example> parts = new ArrayList<>();
    for (int at = from; at < to; document++) {
      int end = Math.min(to, starts[document + 1]);
      if (end > at) {
        boolean[] label = new boolean[end - at];
        Arrays.fill(label, 1, label.length, true);
        parts.add(new Example(names.get(document), Arrays.copyOfRange(ids, at, end), label));
      }
      at = end;
    }
    return parts;
  }
}
