package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.Tensor;

/** A frozen matrix, (out, in), as its products need it. */
sealed interface Weight extends AutoCloseable {
  /** Rows: width of the outputs. */
  long out();

  /** Columns: width of the inputs. */
  long in();

  /** Type of the products. */
  DType products();

  /**
   * x · Wᵀ, (rows, out), a tensor of its own.
   *
   * @param x (rows, in), type of the products
   */
  Tensor linear(Tensor x);

  /** The matrix itself, (out, in), type of the products; not to be written to. */
  Tensor dense();

  @Override
  void close();

  /**
   * Stored as it is.
   *
   * @param dense (out, in)
   */
  record Plain(Tensor dense) implements Weight {
    @Override
    public long out() {
      return dense.size(0);
    }

    @Override
    public long in() {
      return dense.size(1);
    }

    @Override
    public DType products() {
      return dense.dtype();
    }

    @Override
    public Tensor linear(Tensor x) {
      return Functional.linear(x, dense);
    }

    @Override
    public void close() {
      dense.close();
    }
  }
}
