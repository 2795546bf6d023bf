package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
  @TempDir Path folder;

  @Test
  void everyType_isReadBackAsWritten() {
    for (DType type : DType.values()) {
      byte[] bytes = new byte[6 * type.bytes()];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (i % 2);
      }
      Path path = folder.resolve(type + ".safetensors");
      SafetensorsWriter.write(
          path,
          List.of(new SafetensorsWriter.Plan("t", type, new long[] {2, 3})),
          _ -> Tensor.of(MemorySegment.ofArray(bytes), type, 2, 3));
      try (Safetensors file = Safetensors.open(path)) {
        Safetensors.Entry entry = file.tensors().get("t");
        assertThat(entry.type()).isEqualTo(type);
        assertThat(entry.shape()).containsExactly(2, 3);
        assertThat(entry.bytes().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
        assertThat(file.metadata()).isEqualTo(Map.of("format", "pt"));
      }
    }
  }

  @Test
  void writtenFile_alignsItsHeaderAndEveryElement() throws IOException {
    Path path = folder.resolve("mixed.safetensors");
    SafetensorsWriter.write(
        path,
        List.of(
            new SafetensorsWriter.Plan("byte", DType.U8, new long[] {3}),
            new SafetensorsWriter.Plan("double", DType.F64, new long[] {1})),
        name ->
            name.equals("byte")
                ? Tensor.of(MemorySegment.ofArray(new byte[3]), DType.U8, 3)
                : Tensor.of(new double[] {0.1}, 1));
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    int header = (int) bytes.getLong(0);
    assertThat(header % 8).isZero();
    assertThat(bytes.getDouble(8 + header)).isEqualTo(0.1);
  }

  @Test
  void largeModel_isWrittenInShardsAndReadAsOne() throws IOException {
    List<SafetensorsWriter.Plan> plans =
        List.of("a", "b", "c").stream()
            .map(name -> new SafetensorsWriter.Plan(name, DType.F32, new long[] {4}))
            .toList();
    SafetensorsWriter.writeModel(
        folder, plans, 32, name -> Tensor.of(new float[] {name.charAt(0), 1, 2, 3}, 4));
    assertThat(folder.resolve("model-00001-of-00002.safetensors")).exists();
    assertThat(folder.resolve("model-00002-of-00002.safetensors")).exists();
    assertThat(Files.readString(folder.resolve("model.safetensors.index.json")))
        .contains("\"total_size\" : 48");
    try (Scope _ = Scope.open();
        SafetensorsWeights weights = SafetensorsWeights.open(folder)) {
      assertThat(weights.tensors().keySet()).containsExactly("a", "b", "c");
      assertThat(weights.read("c", DType.F32).floats()).containsExactly('c', 1, 2, 3);
    }
  }

  @Test
  void indexThatPointsElsewhere_isRefused() throws IOException {
    index("{\"weight_map\": {\"a\": \"../secret.safetensors\"}}", "is no shard");
    index("{\"weight_map\": {}}", "weight_map");
    index("{\"weight_map\": {\"a\": \"x.safetensors\"}}", "no such file");
    write("x.safetensors", "{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1);
    index("{\"weight_map\": {\"a\": \"x.safetensors\"}}", "holds b, which the index does not");
  }

  private void index(String json, String message) throws IOException {
    Files.writeString(folder.resolve("model.safetensors.index.json"), json);
    assertThatThrownBy(() -> SafetensorsFolder.open(folder).close())
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(message);
  }

  @Test
  void headerThatLies_isRefused() throws IOException {
    for (long length : new long[] {-1, Long.MIN_VALUE, 0, 1000, 1L << 40}) {
      byte[] bytes = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
      Path path = Files.write(folder.resolve("lie.safetensors"), bytes);
      assertThatThrownBy(() -> Safetensors.open(path).close())
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("lie.safetensors")
          .hasMessageContaining("the header claims");
    }
    refused("", 0, "the header claims");
  }

  @Test
  void tensorsThatDoNotTileTheData_areRefusedByName() throws IOException {
    refused("{\"a\":" + tensor("F32", "[2]", "[0,8]") + "}", 4, "tensor a lies at bytes 0 to 8");
    refused("{\"a\":" + tensor("F32", "[1]", "[4,8]") + "}", 8, "tensor a lies at bytes 4");
    refused(
        "{\"a\":" + tensor("F32", "[1]", "[0,4]") + ",\"b\":" + tensor("F32", "[1]", "[0,4]") + "}",
        4,
        "tensor b lies at bytes 0");
    refused("{\"a\":" + tensor("F32", "[1]", "[0,4]") + "}", 5, "1 bytes after the last tensor");
  }

  @Test
  void shapesThatOverflowOrDiffer_areRefusedByName() throws IOException {
    refused(
        "{\"a\":" + tensor("F32", "[4611686018427387905]", "[0,4]") + "}", 4, "tensor a: shape");
    refused("{\"a\":" + tensor("F32", "[-1]", "[0,4]") + "}", 4, "tensor a, shape: -1");
    refused("{\"a\":" + tensor("F32", "[1e9]", "[0,4]") + "}", 4, "tensor a, shape");
    refused("{\"a\":" + tensor("F32", "[3]", "[0,4]") + "}", 4, "takes 12 bytes");
    refused("{\"a\":" + tensor("F32", "[1]", "[4,0]") + "}", 4, "no beginning and end");
  }

  @Test
  void otherHeaders_areRefused() throws IOException {
    refused("{\"a\":" + tensor("F8_E4M3", "[4]", "[0,4]") + "}", 4, "has the dtype F8_E4M3");
    String one = "\"a\":" + tensor("F32", "[1]", "[0,4]");
    refused("{" + one + "," + one + "}", 4, "Duplicate");
    refused("[1, 2]", 0, "no JSON object");
    refused("{nonsense", 0, "not JSON");
    refused("{\"__metadata__\": {\"a\": 1}}", 0, "__metadata__ a is no string");
  }

  @Test
  void wholeNumbers_areNoWeights() throws IOException {
    write("model.safetensors", "{\"a\":" + tensor("I32", "[1]", "[0,4]") + "}", 4);
    try (Scope _ = Scope.open();
        SafetensorsWeights weights = SafetensorsWeights.open(folder)) {
      assertThatThrownBy(() -> weights.read("a", DType.F32))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("tensor a is stored as I32");
      assertThatThrownBy(() -> weights.read("b", DType.F32))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("has no tensor b");
    }
  }

  @Test
  void decoderOfAModelWithImages_isFoundInItsWrapper() throws IOException {
    String place = "{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
    write(
        "model.safetensors",
        ("{\"language_model.model.norm.weight\":%s,\"model.language_model.a.weight\":%s,"
                + "\"vision_tower.b.weight\":%s,\"model.layers.0.self_attn.rotary_emb.inv_freq\":%s}")
            .replace("%s", place),
        0);
    try (SafetensorsWeights weights = SafetensorsWeights.open(folder)) {
      assertThat(weights.tensors().keySet()).containsExactly("model.a.weight", "model.norm.weight");
    }
  }

  private static String tensor(String dtype, String shape, String offsets) {
    return "{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
  }

  private void refused(String header, int data, String message) throws IOException {
    Path path = write("bad.safetensors", header, data);
    assertThatThrownBy(() -> Safetensors.open(path).close())
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("bad.safetensors")
        .hasMessageContaining(message);
  }

  private Path write(String name, String header, int data) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + json.length + data)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(json.length)
            .put(json);
    return Files.write(folder.resolve(name), bytes.array());
  }
}
