package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** LoRA as GGUF, against llama.cpp's converter and by what llama.cpp computes of it. */
class GgufAdapterTest {
  private static final JsonNode ADAPTERS = Reference.json("export").get("adapters");

  @TempDir private Path folder;

  private Path write(Adapter adapter, Checkpoint base, GgufFileType type) {
    Path out = folder.resolve("adapter.gguf");
    GgufAdapter.write(out, adapter, base.config(), type);
    return out;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"plain", "second", "one-layer", "qwen2-plain", "qwen3-plain", "gemma3-plain"})
  void write_plainLora_isWhatTheConverterMakes(String name) {
    JsonNode expected = Reference.named(ADAPTERS, name);
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint(expected.get("base").asString()))) {
      Adapter adapter = PeftFolder.readLora(Reference.adapter(name), base.config());
      try (Gguf written = Gguf.open(write(adapter, base, GgufFileType.F32))) {
        GgufModelTest.assertTensors(expected.get("tensors"), written);
        JsonNode metadata = expected.get("metadata");
        assertThat(written.real("adapter.lora.alpha"))
            .contains(metadata.get("adapter.lora.alpha").asDouble());
        for (String key : List.of("general.architecture", "general.type", "adapter.type")) {
          assertThat(written.text(key)).contains(metadata.get(key).asString());
        }
      }
    }
  }

  /** One alpha for all: patterns of rank and alpha and the root of rsLoRA must not be lost. */
  @ParameterizedTest
  @ValueSource(strings = {"plain", "rslora", "patterns"})
  void write_anyScale_changesTheModelAsTheAdapterDoes(String name) {
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"))) {
      Adapter adapter = PeftFolder.readLora(Reference.adapter(name), base.config());

      assertSameChange(adapter, base, write(adapter, base, GgufFileType.F32));
    }
  }

  /** PiSSA's change needs its start, and is twice as wide with it. */
  @Test
  void write_anAdapterWithAStart_holdsTheWholeChange() {
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"))) {
      Adapter plain = PeftFolder.readLora(Reference.adapter("plain"), base.config());
      Map<String, Factors> factors = new LinkedHashMap<>();
      plain
          .factors()
          .forEach(
              (module, each) ->
                  factors.put(
                      module,
                      new Factors(
                          each.a(),
                          each.b(),
                          each.scale(),
                          null,
                          new Factors.Start(each.a().times(0.9), each.b().times(-0.3)))));
      Adapter started = new Adapter(plain.config(), factors);

      assertSameChange(started, base, write(started, base, GgufFileType.F32));
    }
  }

  /** A scale of 0 is no alpha of 0, which llama.cpp takes for a scale of 1. */
  @Test
  void write_scaleZero_changesNothing() {
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"))) {
      Adapter none = PeftFolder.readLora(Reference.adapter("plain"), base.config()).scaled(0);
      Path out = write(none, base, GgufFileType.F32);

      assertSameChange(none, base, out);
      try (Gguf written = Gguf.open(out)) {
        assertThat(written.real("adapter.lora.alpha").orElseThrow()).isPositive();
      }
    }
  }

  /** alpha / rank · B · A with the rows of B where the base's file has them (get_scale). */
  private static void assertSameChange(Adapter adapter, Checkpoint base, Path file) {
    GgufLayout layout = new GgufLayout(base.config().architecture(), base.config().headWidth());
    try (Gguf written = Gguf.open(file)) {
      double alpha = written.real("adapter.lora.alpha").orElseThrow();
      assertThat(written.tensors()).hasSize(2 * adapter.factors().size());
      adapter
          .factors()
          .forEach(
              (module, factors) -> {
                String weight = module + ".weight";
                String name = layout.toGguf(weight).orElseThrow();
                Tensor a = factor(written, name + ".lora_a");
                Tensor b = factor(written, name + ".lora_b");
                Tensor found = b.matmul(a).times(alpha / a.size(0));
                Tensor change = factors.change(base.weights().read(weight, DType.F64), 0);

                double error = norm(found.minus(layout.stored(weight, change.contiguous())));
                assertThat(error).as(module).isLessThanOrEqualTo(1e-6 * norm(change) + 1e-30);
              });
    }
  }

  private static Tensor factor(Gguf file, String name) {
    Gguf.Entry entry = Objects.requireNonNull(file.tensors().get(name), name);
    return Tensor.of(entry.bytes(), DType.F32, entry.shape()).to(DType.F64);
  }

  private static double norm(Tensor tensor) {
    return Math.sqrt(tensor.square().sum().item());
  }

  @Test
  void write_inF16_roundsTheFactorsOnce() {
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"))) {
      Adapter adapter = PeftFolder.readLora(Reference.adapter("plain"), base.config());
      try (Gguf written = Gguf.open(write(adapter, base, GgufFileType.F16))) {
        Gguf.Entry a = written.tensors().get("blk.0.ffn_up.weight.lora_a");
        Factors factors =
            Objects.requireNonNull(adapter.factors().get("model.layers.0.mlp.up_proj"));

        assertThat(
                Tensor.of(Objects.requireNonNull(a).bytes(), DType.F16, a.shape())
                    .to(DType.F32)
                    .floats())
            .containsExactly(factors.a().to(DType.F16).to(DType.F32).floats(), within(0f));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "dora, llama, DoRA",
    "embedding-tied, llama, model.embed_tokens",
    "saved-head-tied, llama, lm_head",
    "tokens-tied, llama, model.embed_tokens",
  })
  void write_whatLlamaCppCannotCompute_isRefusedByName(String name, String of, String named) {
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint(of))) {
      Adapter adapter = PeftFolder.readLora(Reference.adapter(name), base.config());

      assertThatThrownBy(() -> write(adapter, base, GgufFileType.F32))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining(named);
      assertThat(folder).isEmptyDirectory();
    }
  }
}
