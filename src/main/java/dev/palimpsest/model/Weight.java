package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.PackedMatrix;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.Optional;

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

  /**
   * A matrix as its products go fastest where it lies.
   *
   * @param matrix (out, in); handed over, in the scope that is given
   */
  static Weight of(Tensor matrix, Scope scope) {
    if (!PackedMatrix.pays(matrix)) {
      return new Plain(scope.release(matrix));
    }
    return new Packed(PackedMatrix.of(matrix).release(scope), Optional.empty());
  }

  /** The same of a matrix that somebody else needs as it is. */
  static Weight beside(Tensor matrix) {
    if (!PackedMatrix.pays(matrix)) {
      return new Plain(matrix);
    }
    try (Scope scope = Scope.open()) {
      return new Packed(PackedMatrix.of(matrix).release(scope), Optional.of(matrix));
    }
  }

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

  /**
   * Laid out for its products.
   *
   * @param plain the same as it is, where somebody else needs it anyway
   */
  record Packed(PackedMatrix matrix, Optional<Tensor> plain) implements Weight {
    @Override
    public long out() {
      return matrix.out();
    }

    @Override
    public long in() {
      return matrix.in();
    }

    @Override
    public DType products() {
      return DType.BF16;
    }

    @Override
    public Tensor linear(Tensor x) {
      return x.recorded() ? Functional.linear(x, dense()) : matrix.linear(x);
    }

    @Override
    public Tensor dense() {
      return plain.orElseGet(matrix::dense);
    }

    @Override
    public void close() {
      matrix.close();
    }
  }
}
