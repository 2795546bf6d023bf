package dev.palimpsest.tensor;

import java.util.function.Consumer;

/**
 * What rows of logits say of one token each. A row is as long as the vocabulary, so some rows at a
 * time are widened and worked on while they lie in the caches (the idea of Hsu et al., 2410.10989).
 *
 * @param logprobs in nats
 * @param top whether the token is the most likely one; of equal ones the first is
 */
public record TokenLogprobs(float[] logprobs, boolean[] top) {
  /** Rows at a time: fewer cost calls, more leave the caches. */
  private static final int ROWS = 16;

  /**
   * Reads them.
   *
   * @param logits (rows, vocabulary), F32 or BF16; overwritten
   * @param tokens of each row
   */
  public static TokenLogprobs inPlaceOf(Tensor logits, int[] tokens) {
    return each(logits, tokens, _ -> {});
  }

  /**
   * The same; the logits become the gradient of {@link #loss} by them, softmax less one-hot.
   *
   * @param logits (rows, vocabulary), F32 or BF16; overwritten
   */
  public static TokenLogprobs backward(Tensor logits, int[] tokens) {
    return each(logits, tokens, Block::toGradient);
  }

  /** −Σ log p. */
  public double loss() {
    double sum = 0;
    for (float logprob : logprobs) {
      sum -= logprob;
    }
    return sum;
  }

  private static TokenLogprobs each(Tensor logits, int[] tokens, Consumer<Block> afterwards) {
    TokenLogprobs all = new TokenLogprobs(new float[tokens.length], new boolean[tokens.length]);
    try (Scope _ = Scope.open()) {
      Tensor columns = Tensor.ofIndices(tokens);
      Tensor room =
          logits.dtype() == DType.F32 ? logits : Tensor.empty(DType.F32, ROWS, logits.size(1));
      for (int from = 0; from < tokens.length; from += ROWS) {
        try (Scope _ = Scope.open()) {
          int count = Math.min(ROWS, tokens.length - from);
          Tensor rows = logits.narrow(0, from, count);
          Tensor wide = room == logits ? rows : room.narrow(0, 0, count).copyFrom(rows);
          Block block = new Block(rows, wide, columns.narrow(0, from, count));
          System.arraycopy(block.logprobs, 0, all.logprobs, from, count);
          System.arraycopy(block.top, 0, all.top, from, count);
          afterwards.accept(block);
        }
      }
    }
    return all;
  }

  /** Some rows. */
  private static final class Block {
    private final Tensor rows;
    private final Tensor wide; // exponentials less each row's largest, F32
    private final Tensor tokens;
    private final Tensor sums;
    private final float[] logprobs;
    private final boolean[] top;

    /**
     * Reads them.
     *
     * @param rows as they lie among all
     * @param wide the same in F32, which may be those themselves; overwritten
     */
    Block(Tensor rows, Tensor wide, Tensor tokens) {
      this.rows = rows;
      this.wide = wide;
      this.tokens = tokens;
      wide.handle().sub_(wide.handle().amax(new long[] {1}, true));
      Tensor own = Functional.pick(wide, tokens);
      this.top = top(own.floats());
      this.sums = wide.expInPlace().sum(1);
      this.logprobs = own.minusInPlace(new Tensor(sums.handle().log())).floats();
    }

    /** Whether the token is the first of those that nothing exceeds. */
    private boolean[] top(float[] own) {
      int[] columns = tokens.ints();
      boolean[] top = new boolean[own.length];
      for (int i = 0; i < own.length; i++) {
        top[i] = own[i] == 0 && wide.narrow(0, i, 1).argmax(1).ints()[0] == columns[i];
      }
      return top;
    }

    void toGradient() {
      wide.handle().div_(sums.unsqueeze(1).handle());
      wide.plusAtInPlace(tokens, -1);
      if (rows != wide) {
        rows.copyFrom(wide);
      }
    }
  }
}
