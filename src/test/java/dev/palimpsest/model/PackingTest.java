package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

final class PackingTest {
  private static final int ROW = 256;

  /** Types that keep a number of a row in F16, for which the huge ones are too large. */
  private static final Set<String> SMALL = Set.of("F16", "Q4_1", "Q5_1");

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("reference")
  void encode_rowOfReference_isGgmlsBitForBit(GgmlType type, String name, byte[] packed) {
    byte[] ours = encode(type, floats(name));

    assertThat(HexFormat.of().formatHex(ours)).isEqualTo(HexFormat.of().formatHex(packed));
  }

  @ParameterizedTest
  @EnumSource(names = {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"})
  void encode_manyRows_eachBlockByItself(GgmlType type) {
    float[] row = random(ROW);
    float[] many = new float[ROW * 150];
    for (int i = 0; i < many.length; i++) {
      many[i] = row[i % ROW];
    }
    byte[] one = encode(type, row);
    byte[] all = encode(type, many);

    for (int i = 0; i < all.length; i += one.length) {
      assertThat(Arrays.copyOfRange(all, i, i + one.length)).isEqualTo(one);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"})
  void encode_valuesThatAreOnTheGrid_stay(GgmlType type) {
    try (Scope _ = Scope.open()) {
      float[] once = decode(type, encode(type, random(ROW)));

      float[] twice = decode(type, encode(type, once));

      for (int i = 0; i < ROW; i++) {
        assertThat(twice[i]).isCloseTo(once[i], within(once));
      }
    }
  }

  @Test
  void encode_numberTooLargeForTheScale_isNamed() {
    float[] row = new float[3 * ROW];
    Arrays.fill(row, 1e30f);
    Arrays.fill(row, 0, 32, 1);

    assertThatThrownBy(() -> encode(GgmlType.Q4_0, row))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("t: element 32 ")
        .hasMessageContaining("Q4_0");
  }

  @ParameterizedTest
  @FieldSource("SMALL")
  void encode_rowBeyondF16_isRefused(String type) {
    assertThatThrownBy(() -> encode(GgmlType.valueOf(type), floats("huge")))
        .isInstanceOf(BadInput.class);
  }

  @Test
  void encode_typeThatIsOnlyRead_isRefused() {
    assertThat(GgmlType.F64.isWritten()).isFalse();
    assertThatThrownBy(() -> encode(GgmlType.F64, new float[1]))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("F64");
  }

  private static org.assertj.core.data.Offset<Float> within(float[] values) {
    float largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    // the scale is rounded to F16 once more
    return org.assertj.core.data.Offset.offset(largest / 512);
  }

  static Stream<Arguments> reference() {
    return DOCUMENT.path("packed").properties().stream()
        .flatMap(
            type ->
                type.getValue().properties().stream()
                    .filter(each -> !each.getKey().equals("huge") || !SMALL.contains(type.getKey()))
                    .map(
                        each ->
                            Arguments.of(
                                GgmlType.valueOf(type.getKey()),
                                each.getKey(),
                                HexFormat.of().parseHex(each.getValue().asString()))));
  }

  private static float[] floats(String name) {
    byte[] bytes = HexFormat.of().parseHex(DOCUMENT.path("rows").path(name).asString());
    float[] values = new float[bytes.length / Float.BYTES];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat((int) PlainFormats.INTS.get(bytes, i * Float.BYTES));
    }
    return values;
  }

  private static float[] random(int count) {
    Random random = new Random(3);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static byte[] encode(GgmlType type, float[] values) {
    return Packing.encode("t", type, MemorySegment.ofArray(values));
  }

  private static float[] decode(GgmlType type, byte[] packed) {
    Tensor values = type.decode("t", packed, ROW);
    return values.floats();
  }

  private static final JsonNode DOCUMENT = document();

  private static JsonNode document() {
    try (InputStream in = PackingTest.class.getResourceAsStream("/reference/gguf_encoding.json")) {
      byte[] bytes = Objects.requireNonNull(in).readAllBytes();
      return Json.parse(new String(bytes, StandardCharsets.UTF_8), "gguf_encoding.json");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
