package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.RealModel;
import dev.palimpsest.Reference;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import dev.palimpsest.tokenizer.Message;
import dev.palimpsest.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelFolderTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3", "mistral", "qwen2", "qwen3", "gemma3"})
  void write_nothingChanged_isTheBase(String name) {
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint(name))) {
      ModelFolder.write(folder, base, each -> Optional.empty());

      try (Checkpoint written = Checkpoint.open(folder)) {
        assertThat(written.fingerprint()).isEqualTo(base.fingerprint());
        assertThat(written.config()).isEqualTo(base.config());
        assertThat(written.endTokens()).isEqualTo(base.endTokens());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"gemma3, BF16", "mistral, F16", "qwen3, F32"})
  void write_aChangedTensor_isInTheBasesType(String name, DType type) {
    String changed = "model.layers.1.mlp.up_proj.weight";
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint(name))) {
      Tensor doubled = base.weights().read(changed, DType.F32).times(2);
      ModelFolder.write(
          folder, base, each -> each.equals(changed) ? Optional.of(doubled) : Optional.empty());

      try (Checkpoint written = Checkpoint.open(folder)) {
        assertThat(written.weights().tensors())
            .extractingByKey(changed)
            .extracting(TensorInfo::storedType)
            .isEqualTo(type.name());
        assertThat(written.weights().read(changed, DType.F32).floats()).isEqualTo(doubled.floats());
      }
    }
  }

  /** A configuration that is written as JSON and read again is the same. */
  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3", "mistral", "qwen2", "qwen3", "gemma3"})
  void configText_ofAnyArchitecture_isReadBack(String name) {
    try (Checkpoint base = Checkpoint.open(Reference.checkpoint(name))) {
      assertThat(HubConfig.parse(HubConfigText.of(base), name)).isEqualTo(base.config());
    }
  }

  /** The default model is a GGUF file in Q4_1: what is written is F32, and says the same. */
  @Test
  void write_aGguf_isAFolderThatReadsTheSame() {
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(RealModel.gguf())) {
      ModelFolder.requireWritable(base);
      ModelFolder.write(folder, base, each -> Optional.empty());

      try (Checkpoint written = Checkpoint.open(folder)) {
        assertThat(written.config()).isEqualTo(base.config());
        assertThat(written.endTokens()).isEqualTo(base.endTokens());
        assertThat(written.bos()).isEqualTo(base.bos());
        assertThat(written.license()).isEqualTo(base.license());
        List<Message> chat = List.of(new Message("user", "In 1997, 12 ships."));
        assertThat(written.chatTemplate().orElseThrow().renderForReply(chat))
            .isEqualTo(base.chatTemplate().orElseThrow().renderForReply(chat));
        String some = "model.layers.7.self_attn.q_proj.weight";
        assertThat(written.weights().tensors())
            .extractingByKey(some)
            .extracting(TensorInfo::storedType)
            .isEqualTo("F32");
        assertThat(written.weights().read(some, DType.F32).floats())
            .isEqualTo(base.weights().read(some, DType.F32).floats());
        assertSame(base.tokenizer(), written.tokenizer());
      }
    }
  }

  private static void assertSame(Tokenizer expected, Tokenizer found) {
    assertThat(found.size()).isEqualTo(expected.size());
    var texts = Reference.json("logprobs").get("texts");
    assertThat(texts).isNotEmpty();
    for (var item : texts) {
      String text = item.get("text").asString();
      assertThat(found.encode(text)).as(text).isEqualTo(expected.encode(text));
      assertThat(found.encodeDocument(text)).isEqualTo(expected.encodeDocument(text));
      assertThat(found.decode(found.encode(text))).isEqualTo(expected.decode(found.encode(text)));
    }
    String chat = "<|im_start|>user\n1997 ships<|im_end|>\n<|im_start|>assistant\n";
    assertThat(found.encode(chat)).isEqualTo(expected.encode(chat));
  }
}
