package dev.palimpsest.tensor;

/**
 * Exponentials of rows of logits in the logits' place: a row is as long as the vocabulary, and each
 * tensor of its size goes through memory.
 *
 * @param values eˣ less each row's largest, (rows, n), F32
 * @param largest of each row, (rows)
 * @param sum of each row's values, (rows)
 */
public record Exponentials(Tensor values, Tensor largest, Tensor sum) {
  /**
   * Overwrites the logits.
   *
   * @param logits (rows, n), F32
   */
  public static Exponentials inPlaceOf(Tensor logits) {
    Tensor largest = new Tensor(logits.handle().amax(new long[] {-1}, false));
    Tensor values = logits.minusInPlace(largest.unsqueeze(1)).expInPlace();
    return new Exponentials(values, largest, values.sum(1));
  }

  /** log Σ eˣ of each row, (rows). */
  public Tensor logSum() {
    return new Tensor(sum.handle().log()).plusInPlace(largest);
  }
}
