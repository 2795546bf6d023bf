package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The element types of GGUF tensors, by their number in the file; some are known by name alone. */
@SuppressWarnings("ImmutableEnumChecker") // a format holds a decoder, which is a pure function
public enum GgmlType {
  F32(0, PlainFormats.F32),
  F16(1, PlainFormats.F16),
  Q4_0(2, QuantFormats.Q4_0),
  Q4_1(3, QuantFormats.Q4_1),
  Q5_0(6, QuantFormats.Q5_0),
  Q5_1(7, QuantFormats.Q5_1),
  Q8_0(8, QuantFormats.Q8_0),
  Q8_1(9),
  Q2_K(10),
  Q3_K(11),
  Q4_K(12, SuperBlockFormats.Q4_K),
  Q5_K(13, SuperBlockFormats.Q5_K),
  Q6_K(14, SuperBlockFormats.Q6_K),
  Q8_K(15),
  IQ2_XXS(16),
  IQ2_XS(17),
  IQ3_XXS(18),
  IQ1_S(19),
  IQ4_NL(20),
  IQ3_S(21),
  IQ2_S(22),
  IQ4_XS(23),
  I8(24),
  I16(25),
  I32(26),
  I64(27),
  F64(28, PlainFormats.F64),
  IQ1_M(29),
  BF16(30, PlainFormats.BF16),
  TQ1_0(34),
  TQ2_0(35),
  MXFP4(39),
  NVFP4(40),
  Q1_0(41);

  private final int id;
  private final @Nullable BlockFormat format;

  GgmlType(int id) {
    this(id, null);
  }

  GgmlType(int id, @Nullable BlockFormat format) {
    this.id = id;
    this.format = format;
  }

  /** The number that stands for the type in a file. */
  public int id() {
    return id;
  }

  /** How it is read, if it is one of the types that can be. */
  Optional<BlockFormat> format() {
    return Optional.ofNullable(format);
  }

  /** Whether it is written, too. */
  public boolean isWritten() {
    return format().flatMap(BlockFormat::encoder).isPresent();
  }

  /** Numbers in a block, of which a row has a whole count; 1 for the plain types. */
  public int blockElements() {
    return format().orElseThrow().elements();
  }

  /** Bytes that so many numbers take, a whole count of blocks. */
  public long bytesOf(long elements) {
    return format().orElseThrow().bytesOf(elements);
  }

  /**
   * Packs numbers as ggml's reference quantisers do, bit for bit; plain types round to nearest
   * even.
   *
   * @param where they come from, for the error
   * @param values F32, in whole rows
   * @throws dev.palimpsest.run.BadInput if a number is not finite, or too large for the type
   */
  public byte[] encode(String where, Tensor values) {
    return Packing.encode(where, this, values.to(DType.F32).inMemory().segment());
  }

  /** What {@link #encode} packed, as F32. */
  public Tensor decode(String where, byte[] packed, long... shape) {
    Tensor values = Tensor.empty(DType.F32, shape);
    Conversion.convert(
        where,
        format().orElseThrow(),
        MemorySegment.ofArray(packed),
        Conversion.Adjustment.NONE,
        new Conversion.TypedMemory(values.segment(), DType.F32));
    return values;
  }

  static Optional<GgmlType> of(int id) {
    return Arrays.stream(values()).filter(type -> type.id == id).findFirst();
  }

  /** The names of the types that can be read. */
  static String readable() {
    return Arrays.stream(values())
        .filter(type -> type.format != null)
        .map(Enum::name)
        .collect(Collectors.joining(", "));
  }
}
