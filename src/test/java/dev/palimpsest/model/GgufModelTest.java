package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Sha256;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import dev.palimpsest.tokenizer.Message;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Whole models as GGUF, against llama.cpp's converter (reference/export/converter.py). */
class GgufModelTest {
  private static final JsonNode MODELS = Reference.json("export").get("models");

  @TempDir private Path folder;

  /** The folder of a checkpoint; Gemma's with the scale that GGUF can say, which is no weight. */
  private Path base(String name) throws IOException {
    return name.equals("gemma3")
        ? changed(name, "\"query_pre_attn_scalar\": 20", "\"query_pre_attn_scalar\": 24")
        : Reference.checkpoint(name);
  }

  private Path changed(String name, String from, String to) throws IOException {
    Path copy = Files.createDirectories(folder.resolve("changed"));
    try (Stream<Path> files = Files.list(Reference.checkpoint(name))) {
      for (Path file : files.toList()) {
        Path target = copy.resolve(Objects.requireNonNull(file.getFileName()));
        if (Files.size(file) < 100_000 && file.toString().endsWith(".json")) {
          Files.writeString(target, Files.readString(file).replace(from, to));
        } else {
          Files.copy(file, target);
        }
      }
    }
    return copy;
  }

  private Path write(Checkpoint base, GgufFileType type, String file) {
    Map<String, GgufValue> tokenizer =
        base.path().endsWith("llama") ? GgufTokens.of(base) : Map.of();
    Path out = folder.resolve(file);
    GgufModel.of(base, type, tokenizer).write(out, (_, _) -> Optional.empty());
    return out;
  }

  @ParameterizedTest
  @CsvSource({
    "llama, F32", "llama, F16", "llama, BF16", "llama3, F32", "llama3, F16", "qwen2, F32",
    "qwen2, F16", "qwen3, F32", "qwen3, BF16", "gemma3, F32", "gemma3, F16", "gemma3, BF16"
  })
  void write_aFolder_hasTheTensorsOfTheConverter(String name, GgufFileType type)
      throws IOException {
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(base(name));
        Gguf written = Gguf.open(write(base, type, "out.gguf"))) {
      assertTensors(Reference.named(MODELS, name).get("types").get(type.name()), written);
    }
  }

  static void assertTensors(JsonNode expected, Gguf written) {
    assertThat(written.tensors().keySet())
        .containsExactlyInAnyOrderElementsOf(expected.propertyNames());
    written
        .tensors()
        .forEach(
            (tensor, entry) -> {
              JsonNode wanted = expected.get(tensor);
              assertThat(entry.type().name()).as(tensor).isEqualTo(wanted.get(0).asString());
              assertThat(Arrays.stream(entry.shape()).mapToInt(Math::toIntExact).toArray())
                  .as(tensor)
                  .isEqualTo(Reference.ints(wanted.get(1)));
              if (tensor.equals("rope_freqs.weight")) {
                return; // computed in another order: see below
              }
              byte[] bytes = entry.bytes().toArray(ValueLayout.JAVA_BYTE);
              assertThat(Sha256.of(bytes)).as(tensor).isEqualTo(wanted.get(2).asString());
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3", "qwen2", "qwen3", "gemma3"})
  void write_aFolder_hasTheMetadataOfTheConverter(String name) throws IOException {
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(base(name));
        Gguf written = Gguf.open(write(base, GgufFileType.F32, "out.gguf"))) {
      JsonNode expected = Reference.named(MODELS, name).get("metadata");
      for (String key : expected.propertyNames()) {
        GgufValue found = written.metadata().get(key);
        assertThat(found).as(key).isNotNull();
        assertThat(told(Objects.requireNonNull(found))).as(key).isEqualTo(told(expected.get(key)));
      }
    }
  }

  private static String told(JsonNode value) {
    return value.isObject()
        ? value.get("length") + " " + value.get("sha256").asString()
        : value.isNumber() ? Double.toString(value.asDouble()) : value.asString();
  }

  private static String told(GgufValue value) {
    return switch (value) {
      case GgufValue.Whole whole -> Double.toString((double) whole.value());
      case GgufValue.Real real -> Double.toString(real.value());
      case GgufValue.Text text -> text.value();
      case GgufValue.Flag flag -> Boolean.toString(flag.value());
      case GgufValue.Texts texts -> hashed(texts.values());
      case GgufValue.Wholes wholes ->
          hashed(LongStream.of(wholes.values()).mapToObj(Long::toString).toList());
      default -> value.toString();
    };
  }

  private static String hashed(List<String> values) {
    String joined = values.stream().collect(Collectors.joining("\n"));
    return values.size() + " " + Sha256.of(joined.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3", "qwen2", "qwen3", "gemma3"})
  void write_aFolder_isReadAsTheSameModel(String name) throws IOException {
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(base(name));
        Checkpoint written = Checkpoint.open(write(base, GgufFileType.F32, "out.gguf"))) {
      int[] ids = {5, 77, 12, 3, 3, 99, 41, 8, 100, 2, 64, 17, 30};
      assertThat(logits(written, ids)).containsExactly(logits(base, ids), within(2e-5f));
      for (String tensor : base.weights().tensors().keySet()) {
        assertThat(written.weights().read(tensor, DType.F32).floats())
            .as(tensor)
            .containsExactly(base.weights().read(tensor, DType.F32).floats(), within(1e-7f));
      }
    }
  }

  private static float[] logits(Checkpoint checkpoint, int[] ids) {
    try (Decoder decoder =
        Decoder.load(checkpoint.config(), checkpoint.weights(), Precision.FP32, Device.CPU)) {
      return Native.withoutGradients(
          () -> decoder.logits(AdaptedDecoder.base(decoder).hidden(Ragged.of(ids))).floats());
    }
  }

  @Test
  void write_aGguf_keepsItsMetadataAndIsReadTheSame() throws IOException {
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(GgufReference.modelIn(folder));
        Checkpoint written = Checkpoint.open(write(base, GgufFileType.F32, "out.gguf"));
        Gguf before = Gguf.open(base.path());
        Gguf after = Gguf.open(written.path())) {
      assertThat(written.config()).isEqualTo(base.config());
      before
          .metadata()
          .forEach(
              (key, value) -> {
                if (!key.equals("general.alignment") && !key.equals("general.file_type")) {
                  assertThat(after.metadata().get(key))
                      .as(key)
                      .usingRecursiveComparison()
                      .isEqualTo(value);
                }
              });
      for (String tensor : ModelTensors.shapes(base.config()).keySet()) {
        assertThat(written.weights().tensors())
            .extractingByKey(tensor)
            .extracting(TensorInfo::storedType)
            .isEqualTo("F32");
        assertThat(written.weights().read(tensor, DType.F32).floats())
            .as(tensor)
            .isEqualTo(base.weights().read(tensor, DType.F32).floats());
      }
    }
  }

  /** What is the same in both files is not converted: its bytes are those of the base. */
  @Test
  void write_aGgufInItsOwnType_copiesTheBytes() throws IOException {
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"));
        Checkpoint once = Checkpoint.open(write(base, GgufFileType.F16, "once.gguf"))) {
      Path twice = write(once, GgufFileType.F16, "twice.gguf");

      assertThat(twice).hasSameBinaryContentAs(once.path());
    }
  }

  @Test
  void write_changedTensors_areInTheFile() throws IOException {
    String changed = "model.layers.1.self_attn.k_proj.weight";
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"))) {
      Tensor doubled = base.weights().read(changed, DType.F32).times(2);
      Path out = folder.resolve("out.gguf");
      GgufModel.of(base, GgufFileType.BF16)
          .write(
              out,
              (name, type) ->
                  name.equals(changed) ? Optional.of(doubled.to(type)) : Optional.empty());

      try (Checkpoint written = Checkpoint.open(out)) {
        assertThat(written.weights().read(changed, DType.F32).floats())
            .isEqualTo(doubled.to(DType.BF16).to(DType.F32).floats());
      }
    }
  }

  @Test
  void write_theTokenizer_givesTheSameIdsAndChats() {
    JsonNode cases = Reference.json("checkpoints").get("tokenizer");
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"));
        Checkpoint written = Checkpoint.open(write(base, GgufFileType.F32, "out.gguf"))) {
      assertThat(cases.get("texts")).isNotEmpty();
      for (JsonNode each : cases.get("texts")) {
        assertThat(written.tokenizer().encodeDocument(each.get("text").asString()))
            .isEqualTo(Reference.ints(each.get("ids")));
      }
      assertThat(written.endTokens()).isEqualTo(base.endTokens());
      assertThat(written.bos()).isEqualTo(base.bos());
      List<Message> chat = List.of(new Message("user", "In 1997, 12 ships."));
      assertThat(written.chatTemplate().orElseThrow().renderForReply(chat))
          .isEqualTo(base.chatTemplate().orElseThrow().renderForReply(chat));
    }
  }

  @Test
  void of_aWindowThatLlamaCppDoesNotHave_isRefused() {
    try (Checkpoint base = Checkpoint.open(Reference.checkpoint("mistral"))) {
      assertThatThrownBy(() -> GgufModel.of(base, GgufFileType.F32, Map.of()))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("sliding_window 9");
    }
  }

  @Test
  void of_aQueryScaleThatGgufCannotSay_isRefused() {
    try (Checkpoint base = Checkpoint.open(Reference.checkpoint("gemma3"))) {
      assertThatThrownBy(() -> GgufModel.of(base, GgufFileType.F32, Map.of()))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("query_pre_attn_scalar");
    }
  }

  @Test
  void of_aFolderWithoutTokenizer_isRefused() {
    try (Checkpoint base = Checkpoint.open(Reference.checkpoint("qwen2"))) {
      assertThatThrownBy(() -> GgufModel.of(base, GgufFileType.F32))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("tokenizer.json");
    }
  }
}
