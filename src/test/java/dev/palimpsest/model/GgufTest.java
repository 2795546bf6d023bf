package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufTest {
  @TempDir Path folder;

  @Test
  void everyTypeOfMetadata_isRead() throws IOException {
    try (Gguf file = Gguf.open(GgufReference.modelIn(folder))) {
      assertThat(file.whole("test.u8")).contains(200L);
      assertThat(file.whole("test.i8")).contains(-3L);
      assertThat(file.whole("test.u16")).contains(60_000L);
      assertThat(file.whole("test.i16")).contains(-300L);
      assertThat(file.whole("test.u32")).contains(4_000_000_000L);
      assertThat(file.whole("test.i32")).contains(-70_000L);
      assertThat(file.whole("test.u64")).contains(1L << 40);
      assertThat(file.whole("test.i64")).contains(-(1L << 40));
      assertThat(file.real("test.f32")).contains(0.25);
      assertThat(file.real("test.f64")).contains(0.1);
      assertThat(file.flag("test.bool")).contains(true);
      assertThat(file.text("general.license")).contains("apache-2.0");
      assertThat(file.texts("tokenizer.ggml.merges")).contains(List.of("t 1", "t 2"));
      assertThat(file.value("test.ints", GgufValue.Wholes.class, "").orElseThrow().values())
          .containsExactly(1, -2, 3);
      assertThat(file.value("test.floats", GgufValue.Reals.class, "").orElseThrow().values())
          .containsExactly(0.5, -1.5);
      assertThat(file.value("test.bools", GgufValue.Wholes.class, "").orElseThrow().values())
          .containsExactly(1, 0);
      assertThat(file.text("absent")).isEqualTo(Optional.empty());
    }
  }

  @Test
  void valueOfAnotherType_isRefusedByKey() throws IOException {
    try (Gguf file = Gguf.open(GgufReference.modelIn(folder))) {
      assertThatThrownBy(() -> file.text("test.u8"))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("test.u8 is not a string");
    }
  }

  @Test
  void tensors_haveRowMajorShapesAndTheirBytes() throws IOException {
    try (Gguf file = Gguf.open(GgufReference.modelIn(folder))) {
      assertThat(file.tensors()).hasSize(11);
      assertThat(file.tensors().get("blk.0.ffn_down.weight").shape()).containsExactly(8, 12);
      assertThat(file.tensors().get("token_embd.weight").bytes().byteSize()).isEqualTo(16 * 8 * 4);
    }
  }

  @Test
  void otherVersionsAndFiles_areRefused() throws IOException {
    refused(new byte[0], "not a GGUF file");
    refused("PK and more than twenty-four bytes".getBytes(StandardCharsets.UTF_8), "not a GGUF");
    refused(header(1, 0, 0).array(), "GGUF version 1");
    refused(header(Integer.reverseBytes(3), 0, 0).array(), "a big-endian file");
  }

  @Test
  void countsAndLengthsThatLie_areRefused() throws IOException {
    refused(header(3, Long.MAX_VALUE, 0).array(), "the number of tensors is 9223372036854775807");
    refused(header(3, -1, 0).array(), "the number of tensors is 18446744073709551615");
    refused(header(3, 0, 1L << 40).array(), "the number of metadata keys");
    ByteBuffer longString = header(3, 0, 1).putLong(1L << 33);
    refused(longString.array(), "the length of the name of metadata key 0 is 8589934592");
    ByteBuffer array = string(header(3, 0, 1), "k").putInt(9).putInt(5).putLong(1L << 62);
    refused(array.array(), "the length of metadata k");
    ByteBuffer type = string(header(3, 0, 1), "k").putInt(13);
    refused(type.array(), "metadata k has the unknown type 13");
  }

  @Test
  void arraysNestedTooDeep_areRefused() throws IOException {
    ByteBuffer bytes = string(header(3, 0, 1), "k").putInt(9);
    for (int i = 0; i < 6; i++) {
      bytes.putInt(9).putLong(1);
    }
    refused(bytes.array(), "nests arrays more than 4 deep");
  }

  @Test
  void tensorsOutOfPlace_areRefusedByName() throws IOException {
    refused(
        tensor(header(3, 1, 0), "w", 0, 32, 1 << 20).array(), "tensor w lies at offset 1048576");
    refused(tensor(header(3, 1, 0), "w", 0, 32, -32).array(), "tensor w lies at offset 1844");
    refused(tensor(header(3, 1, 0), "w", 0, 32, 8).array(), "not aligned to 32");
    refused(tensor(header(3, 1, 0), "w", 0, 1 << 30, 0).array(), "cut off");
    refused(tensor(header(3, 1, 0), "w", 0, Long.MAX_VALUE, 0).array(), "more elements");
    refused(tensor(header(3, 1, 0), "w", 0, 0, 0).array(), "an axis of size 0");
    refused(tensor(header(3, 1, 0), "w", 2, 33, 0).array(), "rows of 33, which Q4_0 cannot");
    ByteBuffer two = tensor(tensor(header(3, 2, 0), "v", 0, 16, 0), "w", 0, 16, 32);
    refused(two.array(), "tensor w overlaps");
  }

  @Test
  void typesThatAreNotRead_areAllNamed() throws IOException {
    refused(tensor(header(3, 1, 0), "w", 20, 32, 0).array(), "tensor w is of type IQ4_NL");
    refused(tensor(header(3, 1, 0), "w", 99, 32, 0).array(), "unknown ggml type 99");
  }

  private void refused(byte[] bytes, String message) throws IOException {
    Path path = Files.write(folder.resolve("bad.gguf"), bytes);
    assertThatThrownBy(() -> Gguf.open(path).close())
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("bad.gguf")
        .hasMessageContaining(message);
  }

  private static ByteBuffer header(int version, long tensors, long keys) {
    return ByteBuffer.allocate(1024)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put("GGUF".getBytes(StandardCharsets.US_ASCII))
        .putInt(version)
        .putLong(tensors)
        .putLong(keys);
  }

  private static ByteBuffer string(ByteBuffer out, String text) {
    return out.putLong(text.length()).put(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static ByteBuffer tensor(ByteBuffer out, String name, int type, long size, long offset) {
    return string(out, name).putInt(1).putLong(size).putInt(type).putLong(offset);
  }
}
