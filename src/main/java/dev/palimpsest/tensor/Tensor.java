package dev.palimpsest.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * A handle on a libtorch tensor. It belongs to the innermost {@link Scope} that is open on the
 * thread that made it. Operations whose names end in {@code InPlace} write into this tensor; all
 * others leave it as it is. Wrong shapes are programming errors and surface as libtorch's own
 * exception.
 */
public final class Tensor implements AutoCloseable {
  private final org.bytedeco.pytorch.Tensor handle;

  Tensor(org.bytedeco.pytorch.Tensor handle) {
    this.handle = handle;
  }

  org.bytedeco.pytorch.Tensor handle() {
    return handle;
  }

  // ---- making

  /** An F32 tensor of the given shape that copies {@code values} (row-major). */
  public static Tensor of(float[] values, long... shape) {
    return of(MemorySegment.ofArray(values), DType.F32, shape);
  }

  /** An F64 tensor of the given shape that copies {@code values} (row-major). */
  public static Tensor of(double[] values, long... shape) {
    return of(MemorySegment.ofArray(values), DType.F64, shape);
  }

  /** An I64 vector, as indices are: row numbers, token ids. */
  public static Tensor ofIndices(List<Integer> values) {
    return ofIndices(values.stream().mapToInt(Integer::intValue).toArray());
  }

  /** The same. */
  public static Tensor ofIndices(int... values) {
    long[] wide = Arrays.stream(values).asLongStream().toArray();
    return of(MemorySegment.ofArray(wide), DType.I64, wide.length);
  }

  /** A tensor that copies raw little-endian elements (row-major). */
  public static Tensor of(MemorySegment elements, DType type, long... shape) {
    Tensor made = empty(type, shape);
    if (elements.byteSize() != made.bytes()) {
      throw new IllegalArgumentException(
          elements.byteSize() + " bytes for shape " + Arrays.toString(shape) + " of " + type);
    }
    made.segment().copyFrom(elements);
    return made;
  }

  /** A tensor whose elements are not set. */
  public static Tensor empty(DType type, long... shape) {
    Native.load();
    return new Tensor(torch.empty(shape, options(type), null));
  }

  /** A tensor of zeros. */
  public static Tensor zeros(DType type, long... shape) {
    Native.load();
    return new Tensor(torch.zeros(shape, options(type)));
  }

  /** The same on a device. */
  public static Tensor zeros(Device device, DType type, long... shape) {
    Native.load();
    return new Tensor(
        torch.zeros(shape, options(type).device(new DeviceOptional(device.handle()))));
  }

  /** The identity, (size, size). */
  public static Tensor identity(DType type, long size) {
    Native.load();
    return new Tensor(torch.eye(size, options(type)));
  }

  private static TensorOptions options(DType type) {
    return new TensorOptions(type.scalarType());
  }

  /** A tensor whose elements are not set, where this one lies. */
  public Tensor newEmpty(DType type, long... shape) {
    return new Tensor(handle.new_empty(shape, options(type)));
  }

  /** A tensor of zeros, where this one lies. */
  public Tensor newZeros(DType type, long... shape) {
    return new Tensor(handle.new_zeros(shape, options(type)));
  }

  // ---- looking

  /** The sizes of all axes. */
  public long[] shape() {
    return handle.sizes().vec().get();
  }

  /** The size of one axis; negative axes count from the end. */
  public long size(int axis) {
    return handle.size(axis);
  }

  /** How many elements. */
  public long count() {
    return handle.numel();
  }

  /** Bytes of all elements. */
  public long bytes() {
    return count() * dtype().bytes();
  }

  public DType dtype() {
    return DType.of(handle.scalar_type());
  }

  /** Where its elements lie. */
  public Device device() {
    return Device.of(handle);
  }

  /** The single element. */
  public double item() {
    return handle.item_double();
  }

  /** A copy of all elements, row-major, as floats. */
  public float[] floats() {
    try (Scope _ = Scope.open()) {
      return to(DType.F32).inMemory().segment().toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  /** A copy of all elements, row-major, as doubles. */
  public double[] doubles() {
    try (Scope _ = Scope.open()) {
      return to(DType.F64).inMemory().segment().toArray(ValueLayout.JAVA_DOUBLE);
    }
  }

  /** A copy of all elements, row-major, as ints; meant for indices. */
  public int[] ints() {
    try (Scope _ = Scope.open()) {
      return to(DType.I32).inMemory().segment().toArray(ValueLayout.JAVA_INT);
    }
  }

  /** The elements themselves, in place, of a contiguous tensor on the CPU. */
  @SuppressWarnings("restricted") // libtorch owns the memory and knows its size
  public MemorySegment segment() {
    if (!handle.is_contiguous() || !handle.is_cpu()) {
      throw new IllegalStateException("only a contiguous tensor on the CPU has one segment");
    }
    try (Pointer data = handle.data_ptr()) {
      return MemorySegment.ofAddress(data.address()).reinterpret(bytes());
    }
  }

  /** Where its first element lies, of a tensor on the CPU with any strides. */
  long address() {
    if (!handle.is_cpu()) {
      throw new IllegalStateException("only a tensor on the CPU has an address here");
    }
    try (Pointer data = handle.data_ptr()) {
      return data.address();
    }
  }

  // ---- shapes

  public Tensor view(long... shape) {
    return new Tensor(handle.view(shape));
  }

  public Tensor reshape(long... shape) {
    return new Tensor(handle.reshape(shape));
  }

  public Tensor permute(long... axes) {
    return new Tensor(handle.permute(axes));
  }

  public Tensor transpose(int first, int second) {
    return new Tensor(handle.transpose(first, second));
  }

  public Tensor expand(long... shape) {
    return new Tensor(handle.expand(shape));
  }

  public Tensor unsqueeze(int axis) {
    return new Tensor(handle.unsqueeze(axis));
  }

  /** A view of {@code length} entries of one axis from {@code start}. */
  public Tensor narrow(int axis, long start, long length) {
    return new Tensor(handle.narrow(axis, start, length));
  }

  /**
   * A copy of chosen rows of the first axis.
   *
   * @param indices here as in all that takes some, wherever they lie
   */
  public Tensor rows(Tensor indices) {
    if (device() == Device.META) { // whose shape rule is not in C++
      long[] shape = shape();
      shape[0] = indices.count();
      return newEmpty(dtype(), shape);
    }
    return new Tensor(handle.index_select(0, index(indices)));
  }

  /** Indices where this tensor lies. */
  org.bytedeco.pytorch.Tensor index(Tensor indices) {
    return handle.is_cpu()
        ? indices.handle
        : indices.handle.to(handle.device(), indices.handle.scalar_type());
  }

  public Tensor contiguous() {
    return new Tensor(handle.contiguous());
  }

  /** This tensor's elements one after the other along an axis with others'. */
  public static Tensor cat(int axis, List<Tensor> parts) {
    TensorVector vector = new TensorVector();
    for (Tensor part : parts) {
      vector.push_back(part.handle);
    }
    return new Tensor(torch.cat(vector, axis));
  }

  // ---- types and places

  /** This tensor if it has the type already, else a converted copy. */
  public Tensor to(DType type) {
    return new Tensor(handle.to(type.scalarType()));
  }

  /** This tensor if it is there already, else a copy on the device. */
  public Tensor to(Device device) {
    return device == device() ? this : new Tensor(handle.to(device.handle(), handle.scalar_type()));
  }

  /** This tensor if its elements lie in this machine's memory one by one, else such a copy. */
  public Tensor inMemory() {
    return to(Device.CPU).contiguous();
  }

  /** A copy that shares nothing. */
  public Tensor copy() {
    return new Tensor(handle.clone());
  }

  // ---- arithmetic

  public Tensor plus(Tensor other) {
    return new Tensor(handle.add(other.handle));
  }

  public Tensor minus(Tensor other) {
    return new Tensor(handle.sub(other.handle));
  }

  public Tensor times(Tensor other) {
    return new Tensor(handle.mul(other.handle));
  }

  public Tensor times(double factor) {
    return new Tensor(handle.mul(new Scalar(factor)));
  }

  public Tensor dividedBy(Tensor other) {
    return new Tensor(handle.div(other.handle));
  }

  public Tensor exp() {
    return new Tensor(handle.exp());
  }

  public Tensor square() {
    return new Tensor(handle.square());
  }

  public Tensor sqrt() {
    return new Tensor(handle.sqrt());
  }

  /** 1 / √x. */
  public Tensor rsqrt() {
    return new Tensor(handle.rsqrt());
  }

  public Tensor sum() {
    return new Tensor(handle.sum());
  }

  /** The sum along one axis, which vanishes. */
  public Tensor sum(int axis) {
    return new Tensor(handle.sum(axis));
  }

  /** The index of the largest element along one axis; the first one where several are equal. */
  public Tensor argmax(int axis) {
    return new Tensor(handle.argmax(new org.bytedeco.pytorch.LongOptional(axis), false));
  }

  /** The matrix product. */
  public Tensor matmul(Tensor other) {
    return OneDnn.isFor(this, other, other.size(-1))
        ? OneDnn.product(this, other.transpose(0, 1))
        : new Tensor(handle.matmul(other.handle));
  }

  /** The k-th smallest of all elements, counted from 1. */
  public double smallest(long k) {
    try (Scope _ = Scope.open()) {
      return torch.kthvalue(handle.flatten(), k).get0().item_double();
    }
  }

  public Tensor abs() {
    return new Tensor(handle.abs());
  }

  /** −1, 0 or 1. */
  public Tensor sign() {
    return new Tensor(handle.sign());
  }

  public boolean isFinite() {
    try (Scope _ = Scope.open()) {
      return handle.isfinite().all().item_bool();
    }
  }

  // ---- in place

  public Tensor plusInPlace(Tensor other) {
    handle.add_(other.handle);
    return this;
  }

  /** Adds {@code factor} times {@code other}. */
  public Tensor plusInPlace(Tensor other, double factor) {
    handle.add_(other.handle, new Scalar(factor));
    return this;
  }

  public Tensor plusInPlace(double value) {
    handle.add_(new Scalar(value));
    return this;
  }

  public Tensor timesInPlace(double factor) {
    handle.mul_(new Scalar(factor));
    return this;
  }

  public Tensor timesInPlace(Tensor other) {
    handle.mul_(other.handle);
    return this;
  }

  /** Adds {@code factor · a · b}. */
  public Tensor plusProductInPlace(Tensor a, Tensor b, double factor) {
    handle.addcmul_(a.handle, b.handle, new Scalar(factor));
    return this;
  }

  /** Adds the matrix product a · b. */
  public Tensor plusMatmulInPlace(Tensor a, Tensor b) {
    return plusMatmulInPlace(a, b, 1);
  }

  /** Adds {@code factor} times the matrix product a · b. */
  public Tensor plusMatmulInPlace(Tensor a, Tensor b, double factor) {
    if (Sgemm.isFor(this, a, b)) {
      Sgemm.add(this, a, b, (float) factor);
    } else {
      handle.addmm_(a.handle, b.handle, new Scalar(1.0), new Scalar(factor));
    }
    return this;
  }

  /** Adds {@code factor · a / b}. */
  public Tensor plusQuotientInPlace(Tensor a, Tensor b, double factor) {
    handle.addcdiv_(a.handle, b.handle, new Scalar(factor));
    return this;
  }

  public Tensor expInPlace() {
    handle.exp_();
    return this;
  }

  public Tensor minusInPlace(Tensor other) {
    handle.sub_(other.handle);
    return this;
  }

  /** Moves the elements towards {@code other}'s by a share of the way. */
  public Tensor lerpInPlace(Tensor other, double share) {
    handle.lerp_(other.handle, new Scalar(share));
    return this;
  }

  /**
   * Adds rows to those of the first axis that {@code indices} name; a row named twice gets both.
   */
  public Tensor plusRowsInPlace(Tensor rows, Tensor indices) {
    handle.index_add_(0, index(indices), rows.handle);
    return this;
  }

  /** Adds {@code value} to one element of each row, which {@code columns} names. */
  public Tensor plusAtInPlace(Tensor columns, double value) {
    org.bytedeco.pytorch.Tensor index = index(columns).unsqueeze(1);
    long[] shape = {columns.count(), 1};
    handle.scatter_add_(1, index, handle.new_full(shape, new Scalar(value), options(dtype())));
    return this;
  }

  public Tensor zeroInPlace() {
    handle.zero_();
    return this;
  }

  /** Overwrites the elements with those of a tensor of the same shape. */
  public Tensor copyFrom(Tensor source) {
    handle.copy_(source.handle);
    return this;
  }

  /** Overwrites rows of the first axis, which {@code indices} name, with those of a tensor. */
  public Tensor copyRowsFrom(Tensor source, Tensor indices) {
    handle.index_copy_(0, index(indices), source.handle);
    return this;
  }

  // ---- gradients

  /** Marks a leaf: gradients flow to it, and are added up in {@code gradient}. */
  public Tensor collectGradientIn(Tensor gradient) {
    handle.set_requires_grad(true);
    handle.mutable_grad().put(gradient.handle);
    return this;
  }

  /** Whether gradients will flow through what is made of this tensor now. */
  public boolean recorded() {
    return handle.requires_grad() && GradMode.is_enabled();
  }

  /** Marks a leaf whose gradient libtorch allocates. */
  public Tensor requireGradient() {
    handle.set_requires_grad(true);
    return this;
  }

  /** The gradient of a leaf after {@link #backward}; null where none has flowed. */
  public @Nullable Tensor gradient() {
    org.bytedeco.pytorch.Tensor gradient = handle.grad();
    return gradient.defined() ? new Tensor(gradient) : null;
  }

  /** The same elements outside the graph of gradients. */
  public Tensor detach() {
    return new Tensor(handle.detach());
  }

  /** Sends gradients from this single element to the leaves. */
  public void backward() {
    handle.backward();
  }

  /**
   * Sends gradients to the leaves.
   *
   * @param gradient of the loss by this tensor, in its shape
   */
  public void backward(Tensor gradient) {
    handle.backward(gradient.handle, new BoolOptional(), false, new TensorArrayRefOptional());
  }

  /** Frees the tensor now, if no scope does. */
  @Override
  public void close() {
    handle.close();
  }

  @Override
  public String toString() {
    return dtype() + Arrays.toString(shape());
  }
}
