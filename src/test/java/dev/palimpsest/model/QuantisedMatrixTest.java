package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.Reference;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** NF4 and int8 against bitsandbytes, bit for bit (reference/quantised.py), and what must hold. */
class QuantisedMatrixTest {
  private static final JsonNode QUANTISED = Reference.json("quantised");

  @Test
  void codebooks_areBitsandbytes() {
    assertThat(hex(Codebook.NF4.values())).isEqualTo(QUANTISED.get("nf4_code").asString());
    assertThat(hex(Codebook.DYNAMIC.values())).isEqualTo(QUANTISED.get("dynamic_code").asString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"blocks", "odd", "nested", "wide"})
  void nf4_isBitsandbytes(String name) {
    JsonNode whole = Reference.named(QUANTISED.get("cases"), name);
    JsonNode expected = whole.get("nf4");
    try (Scope _ = Scope.open();
        Nf4Matrix found = Nf4Matrix.quantise(weights(whole))) {
      assertThat(digest(found.codes())).isEqualTo(expected.get("codes").asString());
      assertThat(hex(found.scales())).isEqualTo(expected.get("absmax").asString());
      assertThat(hex(found.nested())).isEqualTo(expected.get("nested_absmax").asString());
      assertThat(hex(new float[] {found.offset()})).isEqualTo(expected.get("offset").asString());
      assertDequantised(found, expected);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"blocks", "odd", "nested", "wide"})
  void int8_isBitsandbytes(String name) {
    JsonNode whole = Reference.named(QUANTISED.get("cases"), name);
    JsonNode expected = whole.get("int8");
    try (Scope _ = Scope.open();
        Int8Matrix found = Int8Matrix.quantise(weights(whole))) {
      assertThat(digest(found.codes())).isEqualTo(expected.get("codes").asString());
      assertThat(hex(found.largest())).isEqualTo(expected.get("absmax").asString());
      assertDequantised(found, expected);
    }
  }

  @Test
  void dequantised_quantisedAgain_isTheSame() {
    List<Function<Tensor, QuantisedMatrix>> both =
        List.of(Nf4Matrix::quantise, Int8Matrix::quantise);
    for (Function<Tensor, QuantisedMatrix> quantise : both) {
      try (Scope _ = Scope.open();
          QuantisedMatrix first = quantise.apply(gaussian(96, 130));
          QuantisedMatrix second = quantise.apply(dense(first, DType.F32))) {
        // the scales of scales are rounded anew, the codes are not
        assertThat(distance(dense(second, DType.F32), dense(first, DType.F32))).isLessThan(0.01);
      }
    }
  }

  /** 2305.14314, figure 3, has NF4 between 3 and 4 bits of a uniform code; int8 is finer by far. */
  @Test
  void dequantised_ofNormalWeights_isNear() {
    try (Scope _ = Scope.open()) {
      Tensor weights = gaussian(128, 512);
      try (Nf4Matrix four = Nf4Matrix.quantise(weights);
          Int8Matrix eight = Int8Matrix.quantise(weights)) {
        assertThat(distance(dense(four, DType.F32), weights)).isBetween(0.05, 0.1);
        assertThat(distance(dense(eight, DType.F32), weights)).isBetween(0.003, 0.01);
      }
    }
  }

  @Test
  void code_anyNumber_isTheNearest() {
    Random random = new Random(4);
    for (Codebook book : new Codebook[] {Codebook.NF4, Codebook.DYNAMIC}) {
      for (int i = 0; i < 20_000; i++) {
        float value = (float) Math.pow(random.nextDouble(), i % 7 + 1) * (i % 2 == 0 ? 1 : -1);
        double found = Math.abs(book.values()[book.code(value)] - (double) value);
        for (float other : book.values()) {
          assertThat(found).isLessThanOrEqualTo(Math.abs(other - (double) value) + 1e-7);
        }
      }
      assertThat(book.code(-1)).isZero();
      assertThat(book.code(1)).isEqualTo(book.values().length - 1);
    }
  }

  @Test
  void bytes_areThoseOfTheTensors() {
    try (Scope _ = Scope.open();
        Nf4Matrix four = Nf4Matrix.quantise(gaussian(33, 1001));
        Int8Matrix eight = Int8Matrix.quantise(gaussian(33, 1001))) {
      assertThat(four.bytes()).isEqualTo(WeightFormat.NF4.bytes(33, 1001, DType.BF16));
      assertThat(eight.bytes()).isEqualTo(WeightFormat.INT8.bytes(33, 1001, DType.BF16));
    }
  }

  private static void assertDequantised(QuantisedMatrix found, JsonNode expected) {
    Tensor wide = dense(found, DType.F32);
    byte[] first = new byte[32];
    System.arraycopy(bytes(wide), 0, first, 0, first.length);
    assertThat(HexFormat.of().formatHex(first)).isEqualTo(expected.get("first").asString());
    assertThat(digest(wide)).isEqualTo(expected.get("fp32").asString());
    assertThat(digest(dense(found, DType.BF16))).isEqualTo(expected.get("bf16").asString());
    assertThat(digest(found.dense(DType.F32))).isEqualTo(expected.get("fp32").asString());
    assertThat(digest(found.dense(DType.BF16))).isEqualTo(expected.get("bf16").asString());
  }

  static Tensor dense(QuantisedMatrix matrix, DType type) {
    Tensor dense = Tensor.empty(type, matrix.rows(), matrix.columns());
    matrix.dequantise(new Conversion.TypedMemory(dense.segment(), type));
    return dense;
  }

  /** As the script makes them. */
  private static Tensor weights(JsonNode expected) {
    int[] shape = Reference.ints(expected.get("shape"));
    float[] values = new float[shape[0] * shape[1]];
    for (int i = 0; i < values.length; i++) {
      long mixed = (i * 2654435761L + 12345) & 0xffff_ffffL;
      mixed ^= mixed >>> 15;
      mixed = (mixed * 2246822519L) & 0xffff_ffffL;
      values[i] = ((mixed >>> 8) / (float) (1 << 23) - 1) * ((i / 50 % 37 + 1) / 512f);
      if (shape[0] == 48 && i >= 64 && i < 128) {
        values[i] = 0;
      }
    }
    Tensor weights = Tensor.of(values, shape[0], shape[1]);
    assertThat(digest(weights)).isEqualTo(expected.get("weights").asString());
    return weights;
  }

  private static Tensor gaussian(int rows, int columns) {
    Random random = new Random(9);
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian() * 0.02f;
    }
    return Tensor.of(values, rows, columns);
  }

  private static double distance(Tensor found, Tensor expected) {
    double difference = found.minus(expected).square().sum().sqrt().item();
    return difference / expected.square().sum().sqrt().item();
  }

  private static byte[] bytes(Tensor tensor) {
    return tensor.contiguous().segment().toArray(ValueLayout.JAVA_BYTE);
  }

  private static String hex(Tensor tensor) {
    return HexFormat.of().formatHex(bytes(tensor));
  }

  private static String hex(float[] values) {
    try (Scope _ = Scope.open()) {
      return hex(Tensor.of(values, values.length));
    }
  }

  static String digest(Tensor tensor) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes(tensor)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
