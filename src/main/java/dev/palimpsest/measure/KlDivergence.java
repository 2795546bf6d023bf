package dev.palimpsest.measure;

import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.LongRows;
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
   * A text, and where measuring begins.
   *
   * @param ids at least one
   * @param from the first id that counts; at least 1
   * @param ended whether the text ended after its last id: then that it ended counts, too
   */
  @SuppressWarnings("ArrayRecordComponent") // shared as everywhere, never changed
  public record Passage(int[] ids, int from, boolean ended) {
    /** All that follows the first id; whether it ended is left out. */
    static Passage whole(int[] ids) {
      return new Passage(ids, 1, false);
    }

    private int positions() {
      return ids.length - from + (ended ? 1 : 0);
    }
  }

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

  static KlDivergence between(TunedModel before, TunedModel after, Progress progress) {
    return new KlDivergence(before.decoder(), after.decoder(), before.model()::bytes, progress);
  }

  /**
   * Measures along texts, as one figure.
   *
   * @param on what the texts are
   */
  Divergence along(String on, List<Passage> passages) {
    return Divergence.of(on, along(passages));
  }

  /**
   * Measures along texts.
   *
   * @param passages each with at least one position that counts
   */
  public List<Divergence.Text> along(List<Passage> passages) {
    try (Scope _ = Scope.open()) {
      KlDivergence prepared = new KlDivergence(base.prepared(), after.prepared(), bytes, progress);
      return prepared.passes(passages);
    }
  }

  private List<Divergence.Text> passes(List<Passage> passages) {
    List<Divergence.Text> texts = new ArrayList<>(passages.size());
    int from = 0;
    while (from < passages.size()) {
      int to = from;
      int rows = 0;
      while (to < passages.size() && (to == from || rows + passages.get(to).ids.length <= ROWS)) {
        rows += passages.get(to).ids.length;
        to++;
      }
      List<Passage> pass = passages.subList(from, to);
      texts.addAll(Native.withoutGradients(() -> pass(pass)));
      from = to;
      progress.report("divergence", from, passages.size(), "texts");
    }
    return texts;
  }

  private List<Divergence.Text> pass(List<Passage> passages) {
    try (Scope _ = Scope.open()) {
      Ragged sequences = Ragged.of(passages.stream().map(Passage::ids).toList());
      Tensor hiddenBase = base.hidden(sequences);
      Tensor hiddenAfter = after.hidden(sequences);
      List<Divergence.Text> texts = new ArrayList<>(passages.size());
      int start = 0;
      for (Passage passage : passages) {
        int first = start + passage.from - 1; // the row that predicts the first id that counts
        int rows = passage.positions();
        texts.add(
            text(passage, hiddenBase.narrow(0, first, rows), hiddenAfter.narrow(0, first, rows)));
        start += passage.ids.length;
      }
      return texts;
    }
  }

  private Divergence.Text text(Passage passage, Tensor hiddenBase, Tensor hiddenAfter) {
    double kl = 0;
    double bitsBase = 0;
    double bitsAfter = 0;
    int agreed = 0;
    int positions = passage.positions();
    for (int at = 0; at < positions; at += HEAD_ROWS) {
      int count = Math.min(HEAD_ROWS, positions - at);
      int begin = passage.from + at;
      int[] next =
          Arrays.copyOfRange(
              passage.ids, begin, Math.min(begin + count, passage.ids.length)); // the end has no id
      try (Scope _ = Scope.open()) {
        Tensor p = Functional.logSoftmax(base.logits(hiddenBase.narrow(0, at, count)));
        Tensor q = Functional.logSoftmax(after.logits(hiddenAfter.narrow(0, at, count)));
        kl += sum(p.exp().times(p.minus(q)).sum(1));
        if (next.length > 0) {
          Tensor tokens = Tensor.ofIndices(next);
          bitsBase -= sum(Functional.pick(p.narrow(0, 0, next.length), tokens)) / Math.log(2);
          bitsAfter -= sum(Functional.pick(q.narrow(0, 0, next.length), tokens)) / Math.log(2);
        }
        int[] bestBase = LongRows.argmax(p);
        int[] bestAfter = LongRows.argmax(q);
        for (int i = 0; i < count; i++) {
          agreed += bestBase[i] == bestAfter[i] ? 1 : 0;
        }
      }
    }
    int[] scored = Arrays.copyOfRange(passage.ids, passage.from, passage.ids.length);
    return new Divergence.Text(
        kl, positions, bitsBase, bitsAfter, bytes.applyAsInt(scored), agreed);
  }

  private static double sum(Tensor values) {
    double sum = 0;
    for (double value : values.doubles()) {
      sum += value;
    }
    return sum;
  }
}
