package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.PackedMatrix;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/** A frozen matrix, (out, in), as its products need it. It lives until closed. */
sealed interface Weight extends AutoCloseable {
  /** Rows: width of the outputs. */
  long out();

  /** Columns: width of the inputs. */
  long in();

  /** Type of the products. */
  DType products();

  /** Where they are computed. */
  Device device();

  /**
   * x · Wᵀ, (rows, out), a tensor of its own.
   *
   * @param x (rows, in), type of the products
   */
  default Tensor linear(Tensor x) {
    try (Scope scope = Scope.open()) {
      return scope.keep(Functional.linear(x, dense()));
    }
  }

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

  /**
   * A matrix in 16 bits an element whose products are F32.
   *
   * @param matrix (out, in), BF16; handed over, in the scope that is given
   */
  static Weight half(Tensor matrix, Scope scope) {
    return new Packed(PackedMatrix.half(matrix).release(scope), Optional.empty());
  }

  /** The same of a matrix that somebody else needs as it is. */
  static Weight halfBeside(Tensor matrix) {
    try (Scope scope = Scope.open()) {
      return new Packed(PackedMatrix.half(matrix).release(scope), Optional.of(matrix));
    }
  }

  /**
   * y · W, (rows, in), a tensor of its own.
   *
   * @param y (rows, out), type of the products
   */
  default Tensor back(Tensor y) {
    try (Scope scope = Scope.open()) {
      return scope.keep(y.matmul(dense()));
    }
  }

  /**
   * The matrix itself, (out, in), type of the products; not to be written to. What is laid out or
   * quantised is made plain at each call, into the scope that is open.
   */
  Tensor dense();

  /**
   * The same laid out for {@link #back}, (in, out), which takes as much memory again; empty where
   * that gains nothing. The caller closes it.
   */
  default Optional<PackedMatrix> laidOutBack() {
    return Optional.empty();
  }

  /** Memory that it takes between products. */
  long bytes();

  /**
   * Products of 1, 2, 4, … and at most so many rows give each row the same bits; 1 where nothing is
   * known, or the products of no other number.
   */
  default int rowsThatStandAlone() {
    return 1;
  }

  /** {@link PackedMatrix#rows}. */
  default int rows(int least) {
    return least;
  }

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
    public Device device() {
      return dense.device();
    }

    @Override
    public long bytes() {
      return dense.bytes();
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
    /** Elements that are widened at a time. */
    private static final long PIECE = 1 << 21;

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
      return matrix.dtype();
    }

    @Override
    public Device device() {
      return Device.CPU;
    }

    @Override
    public int rowsThatStandAlone() {
      return matrix.rowsThatStandAlone();
    }

    @Override
    public int rows(int least) {
      return matrix.rows(least);
    }

    @Override
    public Tensor linear(Tensor x) {
      return x.recorded() ? Weight.super.linear(x) : matrix.linear(x);
    }

    @Override
    public Tensor back(Tensor y) {
      return plain.isPresent() && plain.get().dtype() != products()
          ? backByPieces(y, plain.get())
          : Weight.super.back(y);
    }

    /**
     * The whole matrix in the type of the products would be written, and read from memory again.
     */
    private Tensor backByPieces(Tensor y, Tensor narrow) {
      Tensor sum = Tensor.zeros(products(), y.size(0), in());
      long rows = Math.max(1, PIECE / in());
      for (long from = 0; from < out(); from += rows) {
        try (Scope _ = Scope.open()) {
          long length = Math.min(rows, out() - from);
          Tensor piece = narrow.narrow(0, from, length).to(products());
          sum.plusMatmulInPlace(y.narrow(1, from, length), piece);
        }
      }
      return sum;
    }

    @Override
    public Tensor dense() {
      return plain.map(it -> it.to(products())).orElseGet(matrix::dense);
    }

    @Override
    public Optional<PackedMatrix> laidOutBack() {
      if (plain.isPresent()) {
        return Optional.empty();
      }
      try (Scope scope = Scope.open()) {
        return Optional.of(matrix.transposed().release(scope));
      }
    }

    @Override
    public long bytes() {
      return matrix.bytes();
    }

    @Override
    public void close() {
      matrix.close();
    }
  }

  /**
   * A matrix with a change of low rank that stays as it is. The two are multiplied apart, as they
   * are where an adapter answers: added into the matrix the change would be rounded with it.
   *
   * @param below somebody else's, who closes it
   * @param change without magnitudes
   */
  record Adapted(Weight below, JoinedFactors change) implements Weight {
    /** Refuses magnitudes. */
    public Adapted {
      if (change.gains() != null) {
        throw new IllegalArgumentException("a change with magnitudes is no sum");
      }
    }

    @Override
    public long out() {
      return below.out();
    }

    @Override
    public long in() {
      return below.in();
    }

    @Override
    public DType products() {
      return below.products();
    }

    @Override
    public Device device() {
      return below.device();
    }

    @Override
    public Tensor linear(Tensor x) {
      try (Scope scope = Scope.open()) {
        Tensor outputs = below.linear(x);
        change.addTo(outputs, change.low(x));
        return scope.keep(outputs);
      }
    }

    @Override
    public Tensor back(Tensor y) {
      try (Scope scope = Scope.open()) {
        return scope.keep(below.back(y).plusMatmulInPlace(y.matmul(change.b()), change.a()));
      }
    }

    @Override
    public Tensor dense() {
      return below.dense().plus(change.b().matmul(change.a()));
    }

    @Override
    public long bytes() {
      return below.bytes() + change.a().bytes() + change.b().bytes();
    }

    @Override
    public void close() {
      change.tensors().forEach(Tensor::close);
    }
  }

  /**
   * Modules one below the other, each quantised by itself, as bitsandbytes has them; each product
   * dequantises them, and forgets the matrix.
   *
   * @param device of the products, where the codes lie
   */
  record Quantised(List<QuantisedMatrix> modules, DType products, Device device) implements Weight {
    /** Copies the list. */
    public Quantised {
      modules = List.copyOf(modules);
    }

    @Override
    public long out() {
      return modules.stream().mapToLong(QuantisedMatrix::rows).sum();
    }

    @Override
    public long in() {
      return modules.getFirst().columns();
    }

    @Override
    public Tensor dense() {
      if (device != Device.CPU) {
        List<Tensor> parts = modules.stream().map(each -> each.dense(products)).toList();
        return parts.size() == 1 ? parts.getFirst() : Tensor.cat(0, parts);
      }
      Tensor dense = Tensor.empty(products, out(), in());
      long at = 0;
      for (QuantisedMatrix module : modules) {
        long length = module.rows() * module.columns() * products.bytes();
        module.dequantise(
            new Conversion.TypedMemory(dense.segment().asSlice(at, length), products));
        at += length;
      }
      return dense;
    }

    @Override
    public long bytes() {
      return modules.stream().mapToLong(QuantisedMatrix::bytes).sum();
    }

    @Override
    public void close() {
      modules.forEach(QuantisedMatrix::close);
    }
  }
}
