package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Qr;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Svd;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Low-rank factors of one module: W + scale · B · A (Hu et al., 2106.09685).
 *
 * @param a (rank, in), F32
 * @param b (out, rank), F32
 * @param magnitude (out), F32: the length that each row of W + scale · B · A is given (DoRA, Liu et
 *     al., 2402.09353); null for the length it has
 * @param start what of B · A the base holds already: the change is scale · (B · A − B₀ · A₀)
 *     (PiSSA, Meng et al., 2404.02948); null for nothing
 */
public record Factors(
    Tensor a, Tensor b, double scale, @Nullable Tensor magnitude, @Nullable Start start) {
  /** Checks that the two meet in the rank. */
  public Factors {
    if (a.size(0) != b.size(1)) {
      throw new IllegalArgumentException("A " + a + " and B " + b + " do not meet in one rank");
    }
  }

  /** Plain LoRA. */
  public Factors(Tensor a, Tensor b, double scale) {
    this(a, b, scale, null, null);
  }

  /**
   * A pair that stays as it is.
   *
   * @param a (rank, in), F32
   * @param b (out, rank), F32
   */
  public record Start(Tensor a, Tensor b) {}

  /**
   * The same on a device, in the scope that is open.
   *
   * @param device another than these lie on
   */
  Factors on(Device device) {
    return new Factors(
        a.to(device),
        b.to(device),
        scale,
        magnitude == null ? null : magnitude.to(device),
        start == null ? null : new Start(start.a.to(device), start.b.to(device)));
  }

  /** The inner dimension. */
  public int rank() {
    return (int) a.size(0);
  }

  /** The inner dimension of the change: twice the rank where there is a start. */
  int ranks() {
    return start == null ? rank() : 2 * rank();
  }

  /** What can train, in a fixed order. */
  public List<Tensor> tensors() {
    return magnitude == null ? List.of(a, b) : List.of(a, b, magnitude);
  }

  /**
   * The same change over the whole base, without a start: A with A − A₀ below it, B − B₀ with B₀
   * beside it. Both differences are small, so nothing large cancels where the products are rounded,
   * as it would in PEFT's own form, A with A₀ and B with −B₀.
   */
  public Factors whole() {
    return start == null
        ? this
        : new Factors(
            Tensor.cat(0, List.of(a, a.minus(start.a))),
            Tensor.cat(1, List.of(b.minus(start.b), start.b)),
            scale);
  }

  /** The same change by another scale, the rest of it folded into B; in the scope that is open. */
  Factors atScale(double other) {
    double factor = scale / other;
    // a rounding of alpha to F32 is no reason to touch B
    Tensor folded =
        Math.abs(factor - 1) < 1e-7 ? b : b.to(DType.F64).timesInPlace(factor).to(DType.F32);
    return new Factors(a, folded, other, magnitude, start);
  }

  /**
   * The Frobenius norm of the change, from the factors' Gram matrices: ‖BA‖² is the trace of BᵀB ·
   * AAᵀ.
   *
   * @throws BadInput over DoRA, whose change hangs on the base
   */
  public double norm() {
    if (magnitude != null) {
      throw new BadInput("a DoRA adapter has no norm by its factors: its change hangs on the base");
    }
    try (Scope _ = Scope.open()) {
      return Native.withoutGradients(
          () -> {
            Factors change = whole();
            Tensor left = change.b.transpose(0, 1).matmul(change.b);
            Tensor right = change.a.matmul(change.a.transpose(0, 1));
            double square = left.times(right).sum().item();
            return change.scale * Math.sqrt(Math.max(0, square));
          });
    }
  }

  /**
   * The length of each row of W + scale · B · A, (out), F32, in the scope that is open; no gradient
   * flows to it (2402.09353, section 4.3).
   *
   * @param weight W, (out, in), any type
   */
  public Tensor rowNorms(Tensor weight) {
    try (Scope scope = Scope.open()) {
      return Native.withoutGradients(
          () -> {
            Tensor change = b.matmul(a).timesInPlace(scale);
            return scope.keep(change.plusInPlace(weight).square().sum(1).sqrt());
          });
    }
  }

  /**
   * The same factors with the scale multiplied: the dial between base (0) and adapter (1).
   *
   * @throws BadInput over DoRA, whose rows keep their lengths whatever the scale
   */
  public Factors scaled(double factor) {
    if (magnitude != null) {
      throw new BadInput(
          "a DoRA adapter cannot be scaled: its magnitudes are no multiple of its factors; train"
              + " with --method lora, rslora, lora+ or pissa to scale the adapter");
    }
    return new Factors(a, b, scale * factor, null, start);
  }

  /**
   * The change of some rows of W, in the scope that is open: scale · B · A, and what the magnitudes
   * add to it.
   *
   * @param weight the rows of W, (rows, in), F64
   * @param from number of the first
   * @return (rows, in), F64
   */
  public Tensor change(Tensor weight, long from) {
    try (Scope scope = Scope.open()) {
      Factors change = whole();
      Tensor rows = change.b.narrow(0, from, weight.size(0)).to(DType.F64).times(change.scale);
      Tensor product = rows.matmul(change.a.to(DType.F64));
      if (magnitude == null) {
        return scope.keep(product);
      }
      product.plusInPlace(weight);
      Tensor gains =
          magnitude
              .narrow(0, from, weight.size(0))
              .to(DType.F64)
              .dividedBy(product.square().sum(1).sqrt());
      return scope.keep(product.timesInPlace(gains.unsqueeze(1)).minusInPlace(weight));
    }
  }

  /**
   * The same of some rows of an embedding, whose A names a token by its column: scale · Aᵀ · Bᵀ.
   *
   * @return (rows, width), F64
   */
  Tensor changeOfEmbedding(long from, long rows) {
    try (Scope scope = Scope.open()) {
      Factors change = whole();
      Tensor columns = change.a.narrow(1, from, rows).to(DType.F64).times(change.scale);
      return scope.keep(columns.transpose(0, 1).matmul(change.b.to(DType.F64).transpose(0, 1)));
    }
  }

  /**
   * One pair whose product is the sum of all changes: every A below the one before, every scaled B
   * beside it. It is exact, where averaged factors are not: (B₁ + B₂)(A₁ + A₂) has cross terms.
   *
   * @return of scale 1, in the scope that is open
   * @throws BadInput over DoRA, whose change is no product of factors
   */
  public static Factors sum(List<Factors> changes) {
    List<Factors> plain = changes.stream().map(each -> each.scaled(1).whole()).toList();
    return new Factors(
        Tensor.cat(0, plain.stream().map(Factors::a).toList()),
        Tensor.cat(1, plain.stream().map(each -> each.b.times(each.scale)).toList()),
        1);
  }

  /**
   * The singular value decomposition of the change, by QR of B and Aᵀ and that of the small core
   * between them: exact, and no dense matrix is made.
   *
   * @return F64, as many as the inner dimension or the smaller side of W
   * @throws BadInput over DoRA
   */
  public Svd svd() {
    try (Scope scope = Scope.open()) {
      Factors change = scaled(1).whole();
      Qr left = Qr.of(change.b.to(DType.F64).times(change.scale));
      Qr right = Qr.of(change.a.to(DType.F64).transpose(0, 1));
      Svd core = Svd.of(left.r().matmul(right.r().transpose(0, 1)));
      return new Svd(
          scope.keep(left.q().matmul(core.u())),
          scope.keep(core.s()),
          scope.keep(core.vt().matmul(right.q().transpose(0, 1))));
    }
  }

  /**
   * The best pair of a rank for a change (Eckart and Young, 1936), each factor with the root of the
   * singular values.
   *
   * @return F32, of scale 1, in the scope that is open
   */
  public static Factors of(Svd change, int rank) {
    try (Scope scope = Scope.open()) {
      Tensor roots = change.s().narrow(0, 0, rank).sqrt();
      Tensor a = change.vt().narrow(0, 0, rank).times(roots.unsqueeze(1));
      Tensor b = change.u().narrow(1, 0, rank).times(roots);
      return new Factors(
          scope.keep(a.to(DType.F32).contiguous()), scope.keep(b.to(DType.F32).contiguous()), 1);
    }
  }

  /** What can train, and the start. */
  Stream<Tensor> all() {
    return Stream.concat(
        tensors().stream(), start == null ? Stream.of() : Stream.of(start.a, start.b));
  }

  /** Frees all tensors that a scope does not. */
  public void close() {
    all().forEach(Tensor::close);
  }
}
