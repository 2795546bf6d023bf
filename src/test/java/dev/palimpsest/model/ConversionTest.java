package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ConversionTest {
  @Test
  void everyReadableType_givesTheBitsOfGgufPy() {
    int types = 0;
    for (JsonNode block : GgufReference.document().path("blocks")) {
      GgmlType type = GgmlType.valueOf(block.path("type").asString());
      byte[] expected = GgufReference.bytes(block.path("floats"));
      byte[] found =
          convert(type, GgufReference.bytes(block.path("bytes")), expected.length / 4, DType.F32);
      assertThat(found).as(type.name()).isEqualTo(expected);
      types++;
    }
    assertThat(types).isEqualTo(11);
  }

  @Test
  void bf16_isRoundedToNearestEven() {
    float[] halfway = {1f + 0x1p-8f, 1f + 3 * 0x1p-8f, -1f - 0x1p-8f, 0x1.fffp0f, 1e-45f};
    short[] found =
        MemorySegment.ofArray(convert(GgmlType.F32, bytes(halfway), 5, DType.BF16))
            .toArray(ValueLayout.JAVA_SHORT_UNALIGNED);
    assertThat(found)
        .containsExactly((short) 0x3f80, (short) 0x3f82, (short) 0xbf80, (short) 0x4000, (short) 0);
  }

  @Test
  void longTensor_isConvertedWholeWhateverThePieces() {
    float[] values = new float[700_001];
    Random random = new Random(1);
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    assertThat(convert(GgmlType.F32, bytes(values), values.length, DType.F32))
        .isEqualTo(bytes(values));
  }

  @Test
  void permutedRows_comeFromTheRowsAsked() {
    float[] values = {0, 1, 2, 3, 4, 5, 6, 7};
    MemorySegment out = MemorySegment.ofArray(new byte[32]);
    Conversion.convert(
        "w",
        PlainFormats.F32,
        MemorySegment.ofArray(bytes(values)),
        new Conversion.Adjustment(2, row -> 3 - row, 0),
        new Conversion.TypedMemory(out, DType.F32));
    assertThat(out.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED))
        .containsExactly(6, 7, 4, 5, 2, 3, 0, 1);
  }

  @Test
  void notFinite_isRefusedAtItsFirstElement() {
    float[] values = new float[600_000];
    values[300_017] = Float.NaN;
    values[599_999] = Float.POSITIVE_INFINITY;
    assertThatThrownBy(() -> convert(GgmlType.F32, bytes(values), values.length, DType.BF16))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("tensor w: element 300017");
  }

  @Test
  void tooLargeForTheType_isRefused() {
    float[] large = {1, 70_000};
    float[] larger = {Float.MAX_VALUE};
    assertThatThrownBy(() -> convert(GgmlType.F32, bytes(large), 2, DType.F16))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("element 1");
    assertThatThrownBy(() -> convert(GgmlType.F32, bytes(larger), 1, DType.BF16))
        .isInstanceOf(BadInput.class);
  }

  private static byte[] convert(GgmlType type, byte[] stored, int count, DType to) {
    byte[] out = new byte[count * to.bytes()];
    Conversion.convert(
        "tensor w",
        type.format().orElseThrow(),
        MemorySegment.ofArray(stored),
        Conversion.Adjustment.NONE,
        new Conversion.TypedMemory(MemorySegment.ofArray(out), to));
    return out;
  }

  private static byte[] bytes(float[] values) {
    return MemorySegment.ofArray(values).toArray(ValueLayout.JAVA_BYTE);
  }
}
