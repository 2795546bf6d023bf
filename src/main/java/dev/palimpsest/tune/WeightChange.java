package dev.palimpsest.tune;

import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;

/**
 * What a run has changed of weights that train themselves, W − W₀, a piece at a time: of a large
 * model it is as large again.
 */
record WeightChange(Trained trained, Tensor start) implements AutoCloseable {
  /** The change of weights that have just begun. */
  static WeightChange of(Trained fresh) {
    try (Scope scope = Scope.open()) {
      return new WeightChange(fresh, scope.release(fresh.parameters().copy()));
    }
  }

  /** A term of some weights side by side. */
  @FunctionalInterface
  interface OfPiece {
    /**
     * Adds the gradient; gives the value.
     *
     * @param from the first weight's place among all
     * @param change W − W₀, the caller's to use up
     * @param gradient where it adds up
     */
    double backward(long from, Tensor change, Tensor gradient);
  }

  /** The sum of a term over all weights. */
  double backward(OfPiece term) {
    double sum = 0;
    long all = start.count();
    long piece = AdamW.piece(start);
    for (long from = 0; from < all; from += piece) {
      try (Scope _ = Scope.open()) {
        long count = Math.min(piece, all - from);
        Tensor change =
            trained.parameters().narrow(0, from, count).minus(start.narrow(0, from, count));
        sum += term.backward(from, change, trained.gradient().narrow(0, from, count));
      }
    }
    return sum;
  }

  @Override
  public void close() {
    start.close();
  }
}
