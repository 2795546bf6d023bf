package dev.palimpsest.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.palimpsest.Reference;
import dev.palimpsest.merge.ExportJob.Form;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.GgufFileType;
import dev.palimpsest.model.ModelFolder;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Sha256;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What lies in an export, and what is refused; the files' own contents are tested in model. */
class ExportJobTest {
  private static final Form GGUF = new Form.Gguf(Optional.of(GgufFileType.F32));
  private static final Form LORA = new Form.GgufLora(GgufFileType.F32);

  @TempDir private Path folder;

  private static Form hub(DType type, long shardBytes) {
    return new Form.Hub(new ModelFolder.Form(Optional.of(type), shardBytes));
  }

  private static Weighted adapter(String name) {
    return new Weighted(Reference.adapter(name).toString(), 1);
  }

  private Exported run(Form form, String out, Weighted... adapters) {
    return new ExportJob("llama", List.of(adapters), false)
        .run(folder.resolve(out), form, Reference::checkpoint, Progress.none());
  }

  private Path merged(String... names) {
    Path out = folder.resolve("merged");
    List<Weighted> adapters = List.of(names).stream().map(ExportJobTest::adapter).toList();
    new MergeJob("llama", adapters, List.of(), false, MergeMethod.of(new Linear()))
        .run(
            out,
            new MergeJob.Form.Model(Optional.of(DType.F32)),
            Reference::checkpoint,
            Progress.none());
    return out;
  }

  @ParameterizedTest
  @ValueSource(strings = {"gguf", "hf"})
  void run_withAdapters_writesTheMergedModel(String format) {
    Form form = format.equals("hf") ? hub(DType.F32, 20_000) : GGUF;
    run(form, "out", adapter("plain"), adapter("second"), adapter("tokens-tied"));

    Path written = folder.resolve("out");
    try (Scope _ = Scope.open();
        Checkpoint expected = Checkpoint.open(merged("plain", "second", "tokens-tied"));
        Checkpoint out =
            Checkpoint.open(format.equals("hf") ? written : written.resolve("model-f32.gguf"))) {
      for (String tensor : expected.weights().tensors().keySet()) {
        assertThat(out.weights().read(tensor, DType.F32).floats())
            .as(tensor)
            .isEqualTo(expected.weights().read(tensor, DType.F32).floats());
      }
    }
  }

  @Test
  void run_hfInShards_hasAnIndexAndFilesOfTheSize() throws IOException {
    Exported exported = run(hub(DType.F16, 20_000), "out");

    assertThat(exported.files())
        .contains("model.safetensors.index.json", "config.json", "tokenizer.json", "README.md");
    for (String file : exported.files()) {
      if (file.endsWith(".safetensors")) {
        assertThat(Files.size(folder.resolve("out").resolve(file))).isBetween(1_000L, 30_000L);
      }
    }
    long bytes = 0;
    for (String file : exported.files()) {
      bytes += Files.size(folder.resolve("out").resolve(file));
    }
    assertThat(exported.bytes()).isEqualTo(bytes);
  }

  @Test
  void run_ggufIntoAFolder_hasModelfileAndCardBesideIt() throws IOException {
    Exported exported = run(GGUF, "out");

    assertThat(exported.files()).containsExactly("Modelfile", "README.md", "model-f32.gguf");
    assertThat(Files.readString(folder.resolve("out/Modelfile")))
        .startsWith("FROM ./model-f32.gguf\n")
        .contains("TEMPLATE \"\"\"{{ range .Messages }}{{ if eq .Role \"system\" }}<|im_start|>")
        .contains("PARAMETER stop \"<|im_end|>\"\n");
  }

  @Test
  void run_ggufLoraIntoAFolder_namesItInTheModelfile() throws IOException {
    run(LORA, "out", adapter("plain"));

    assertThat(Files.readString(folder.resolve("out/Modelfile")))
        .contains("ADAPTER ./adapter-f32.gguf\n");
  }

  @Test
  void run_ggufIntoAFile_isThatFileAlone() {
    run(GGUF, "one.gguf");

    assertThat(folder).isDirectoryContaining("glob:**/one.gguf");
    assertThat(folder.toFile().list()).hasSize(1);
  }

  @Test
  void run_peft_keepsPatterns() {
    run(new Form.Peft(), "out", adapter("patterns"));

    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"))) {
      Adapter own = PeftFolder.readLora(Reference.adapter("patterns"), base.config());
      Adapter out = PeftFolder.readLora(folder.resolve("out"), base.config());
      assertThat(out.config()).isEqualTo(own.config());
      own.factors()
          .forEach(
              (module, factors) ->
                  assertThat(Objects.requireNonNull(out.factors().get(module)).b().floats())
                      .isEqualTo(factors.b().floats()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"prompt", "prefix", "dora", "saved-head-tied"})
  void run_peftOfAnyKind_isReadAgain(String name) {
    run(new Form.Peft(), "out", adapter(name));

    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"))) {
      assertThat(PeftFolder.open(folder.resolve("out"), base.config())).isNotNull();
    }
  }

  /** vLLM's loader (lora/peft_helper.py, lora_weights.py) scales every product by alpha / r. */
  @ParameterizedTest
  @ValueSource(strings = {"plain", "patterns", "rslora"})
  void run_vllm_isWholeByOneScaleAndRank(String name) {
    run(new Form.Vllm(), "out", adapter(name));

    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"))) {
      Adapter own = PeftFolder.readLora(Reference.adapter(name), base.config());
      Adapter out = PeftFolder.readLora(folder.resolve("out"), base.config());
      double one = out.config().alpha() / out.config().rank();
      assertThat(out.config().rankStabilised()).isFalse();
      assertThat(out.factors()).containsOnlyKeys(own.factors().keySet());
      own.factors()
          .forEach(
              (module, factors) -> {
                Factors uniform = Objects.requireNonNull(out.factors().get(module));
                assertThat(uniform.rank()).isLessThanOrEqualTo(out.config().rank());
                assertThat(uniform.scale()).isCloseTo(one, withinPercentage(1e-10));
                assertThat(uniform.b().times(one).floats())
                    .containsExactly(factors.b().times(factors.scale()).floats(), within(1e-6f));
              });
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"dora", "saved-head-tied", "prompt"})
  void run_vllmOfWhatItCannotHold_isRefused(String name) {
    assertThatThrownBy(() -> run(new Form.Vllm(), "out", adapter(name)))
        .isInstanceOf(BadInput.class);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void run_aWeight_isInTheAlpha() {
    String name = Reference.adapter("plain").toString();
    run(new Form.Peft(), "out", new Weighted(name, 0.25));

    assertThat(PeftFolder.readConfig(folder.resolve("out")).alpha()).isEqualTo(2);
  }

  @Test
  void run_adapterOfARun_hasItsDataAndLedgerInTheCard() throws IOException {
    Path run = Files.createDirectories(folder.resolve("run"));
    try (var files = Files.list(Reference.adapter("plain"))) {
      Path copy = Files.createDirectories(run.resolve("adapter"));
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    Files.writeString(
        run.resolve("run.json"),
        """
        {"data": "abc123", "rows": 7, "base": "def", "palimpsest": "1",
         "job": {"method": {"rank": 4}, "settings": {"seed": 1}}}\
        """);
    Files.writeString(
        run.resolve("ledger.json"),
        """
        {"probes": [{"name": "orders", "kind": "gain", "n": 9, "before": 0.25, "after": 0.5,
         "delta": 0.25, "ci95": [0.1, 0.4], "lost": 1, "won": 3}], "kl_nats_per_token": 0.125,
         "adapter_sha256": "%s"}\
        """
            .formatted(Sha256.of(run.resolve("adapter/adapter_model.safetensors"))));

    run(LORA, "out", new Weighted(run.resolve("adapter").toString(), 1));

    assertThat(Files.readString(folder.resolve("out/README.md")))
        .contains("7 rows, fingerprint `abc123`")
        .contains("| orders | gain | 9 | 0.2500 | 0.5000 | 0.2500 | 0.1000 to 0.4000 | 1 | 3 |")
        .contains("0.1250 nats a token");

    Files.writeString(
        run.resolve("ledger.json"),
        Files.readString(run.resolve("ledger.json"))
            .replaceFirst("sha256\": \"..", "sha256\": \"xx"));
    run(LORA, "later", new Weighted(run.resolve("adapter").toString(), 1));
    assertThat(Files.readString(folder.resolve("later/README.md"))).doesNotContain("orders");
  }

  @Test
  void run_whatIsThere_isNotReplaced() throws IOException {
    Path there = Files.writeString(folder.resolve("out.gguf"), "mine");

    assertThatThrownBy(() -> run(GGUF, "out.gguf"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("is there already");
    assertThat(there).hasContent("mine");
  }

  @Test
  void run_anAdapterThatCannotBeWritten_leavesNothing() {
    assertThatThrownBy(() -> run(LORA, "out", adapter("dora"))).hasMessageContaining("DoRA");
    assertThatThrownBy(() -> run(LORA, "out", adapter("prompt"))).hasMessageContaining("prompt");
    assertThatThrownBy(() -> run(LORA, "out")).hasMessageContaining("--adapter");
    assertThatThrownBy(() -> run(LORA, "out", adapter("tokens-tied")))
        .hasMessageContaining("model.embed_tokens");
    assertThatThrownBy(() -> run(GGUF, "out", adapter("embedding-tied")))
        .hasMessageContaining("model.embed_tokens");
    assertThat(folder).isEmptyDirectory();
  }
}
