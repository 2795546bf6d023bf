package dev.palimpsest.measure;

import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * KL(base‖after) along given texts, exact: at each position the whole of both distributions is
 * summed over, not only the token that was written.
 */
public final class KlDivergence {
  private static final int ROWS = 1024;
  private static final int HEAD_ROWS = 64;

  private final AdaptedDecoder base;
  private final AdaptedDecoder after;
  private final ToIntFunction<int[]> bytes;
  private final Progress progress;

  /**
   * Two models with one vocabulary.
   *
   * @param bytes of ids, as text in UTF-8
   */
  public KlDivergence(
      AdaptedDecoder base, AdaptedDecoder after, ToIntFunction<int[]> bytes, Progress progress) {
    this.base = base;
    this.after = after;
    this.bytes = bytes;
    this.progress = progress;
  }

  /**
   * Measures along texts.
   *
   * @param ids of each text, at least two; every position that predicts a next token counts
   */
  public List<Divergence.Text> along(List<int[]> ids) {
    List<Divergence.Text> texts = new ArrayList<>(ids.size());
    int from = 0;
    while (from < ids.size()) {
      int to = from;
      int rows = 0;
      while (to < ids.size() && (to == from || rows + ids.get(to).length <= ROWS)) {
        rows += ids.get(to).length;
        to++;
      }
      List<int[]> pass = ids.subList(from, to);
      texts.addAll(Native.withoutGradients(() -> pass(pass)));
      from = to;
      progress.report("divergence", from, ids.size(), "texts");
    }
    return texts;
  }

  private List<Divergence.Text> pass(List<int[]> ids) {
    try (Scope _ = Scope.open()) {
      Ragged sequences = Ragged.of(ids);
      Tensor hiddenBase = hidden(base, sequences);
      Tensor hiddenAfter = hidden(after, sequences);
      List<Divergence.Text> texts = new ArrayList<>(ids.size());
      int start = 0;
      for (int[] text : ids) {
        texts.add(text(text, start, hiddenBase, hiddenAfter));
        start += text.length;
      }
      return texts;
    }
  }

  /** In a scope of its own: what the layers leave behind is gone before the other model runs. */
  private static Tensor hidden(AdaptedDecoder decoder, Ragged sequences) {
    try (Scope scope = Scope.open()) {
      return scope.keep(decoder.hidden(sequences));
    }
  }

  private Divergence.Text text(int[] ids, int start, Tensor hiddenBase, Tensor hiddenAfter) {
    double kl = 0;
    double bitsBase = 0;
    double bitsAfter = 0;
    int agreed = 0;
    int positions = ids.length - 1;
    for (int at = 0; at < positions; at += HEAD_ROWS) {
      int count = Math.min(HEAD_ROWS, positions - at);
      int[] next = Arrays.copyOfRange(ids, at + 1, at + 1 + count);
      try (Scope _ = Scope.open()) {
        Tensor p = Functional.logSoftmax(base.logits(hiddenBase.narrow(0, start + at, count)));
        Tensor q = Functional.logSoftmax(after.logits(hiddenAfter.narrow(0, start + at, count)));
        kl += sum(p.exp().times(p.minus(q)).sum(1));
        Tensor tokens = Tensor.ofIndices(next);
        bitsBase -= sum(Functional.pick(p, tokens)) / Math.log(2);
        bitsAfter -= sum(Functional.pick(q, tokens)) / Math.log(2);
        int[] bestBase = p.argmax(1).ints();
        int[] bestAfter = q.argmax(1).ints();
        for (int i = 0; i < count; i++) {
          agreed += bestBase[i] == bestAfter[i] ? 1 : 0;
        }
      }
    }
    int scored = bytes.applyAsInt(Arrays.copyOfRange(ids, 1, ids.length));
    return new Divergence.Text(kl, positions, bitsBase, bitsAfter, scored, agreed);
  }

  private static double sum(Tensor values) {
    double sum = 0;
    for (double value : values.doubles()) {
      sum += value;
    }
    return sum;
  }
}
