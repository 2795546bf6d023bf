package dev.palimpsest.tensor;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * What rows of logits say of one token each. A row is as long as the vocabulary, so some rows at a
 * time are widened and worked on while they lie in the caches (the idea of Hsu et al., 2410.10989).
 *
 * @param logprobs in nats
 * @param top whether the token is the most likely one; of equal ones the first is
 */
public record TokenLogprobs(float[] logprobs, boolean[] top) {
  /**
   * Reads them.
   *
   * @param logits (rows, vocabulary), F32 or BF16; overwritten
   * @param tokens of each row
   */
  public static TokenLogprobs inPlaceOf(Tensor logits, int[] tokens) {
    TokenLogprobs all = new TokenLogprobs(new float[tokens.length], new boolean[tokens.length]);
    for (LongRows some : LongRows.of(logits)) {
      try (Scope _ = Scope.open()) {
        Tensor rows = lessLargest(some.in(logits));
        Tensor own = Functional.pick(rows, columns(tokens, some));
        float[] differences = own.floats();
        IntUnaryOperator first = first(rows);
        for (int i = 0; i < some.count(); i++) {
          int row = some.from() + i;
          all.top[row] = differences[i] == 0 && first.applyAsInt(i) == tokens[row];
        }
        float[] found = own.minusInPlace(log(rows.expInPlace().sum(1))).floats();
        System.arraycopy(found, 0, all.logprobs, some.from(), some.count());
      }
    }
    return all;
  }

  /**
   * −Σ log p of the tokens; the logits become its gradient by them, softmax less one-hot.
   *
   * @param logits (rows, vocabulary), F32 or BF16; overwritten
   * @param tokens of each row
   */
  public static double backward(Tensor logits, int[] tokens) {
    double loss = 0;
    for (LongRows some : LongRows.of(logits)) {
      try (Scope _ = Scope.open()) {
        Tensor rows = some.in(logits);
        Tensor wide = lessLargest(rows);
        Tensor columns = columns(tokens, some);
        Tensor own = Functional.pick(wide, columns);
        Tensor sums = wide.expInPlace().sum(1);
        loss += log(sums).minusInPlace(own).sum().item();
        wide.handle().div_(sums.unsqueeze(1).handle());
        wide.plusAtInPlace(columns, -1);
        if (rows.dtype() != DType.F32) {
          rows.copyFrom(wide);
        }
      }
    }
    return loss;
  }

  /** In F32, in their place where they are. */
  private static Tensor lessLargest(Tensor rows) {
    Tensor wide = rows.to(DType.F32);
    wide.handle().sub_(wide.handle().amax(new long[] {1}, true));
    return wide;
  }

  private static Tensor columns(int[] tokens, LongRows some) {
    return Tensor.ofIndices(Arrays.copyOfRange(tokens, some.from(), some.from() + some.count()));
  }

  /** Where a row has its largest element; on the CPU only where somebody asks. */
  private static IntUnaryOperator first(Tensor rows) {
    if (rows.device() == Device.CPU) {
      return row -> LongRows.argmax(rows.narrow(0, row, 1))[0];
    }
    int[] all = LongRows.argmax(rows);
    return row -> all[row];
  }

  private static Tensor log(Tensor sums) {
    return new Tensor(sums.handle().log());
  }
}
