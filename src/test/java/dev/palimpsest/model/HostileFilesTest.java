package dev.palimpsest.model;

import static dev.palimpsest.Hostile.refusals;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.Reference;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import dev.palimpsest.tokenizer.Message;
import dev.palimpsest.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Damaged models and adapters work or are refused as bad input: more than 10,000 of them. */
class HostileFilesTest {
  private static final String WEIGHTS = "model.safetensors";

  @TempDir Path folder;

  @Test
  void gguf_worksOrIsRefused() throws Exception {
    byte[] original = withoutMerges(GgufReference.model());
    Path file = folder.resolve("m.gguf");
    assertThat(
            refusals(
                3000,
                mutator -> {
                  Files.write(file, mutator.bytes(original));
                  use(file);
                }))
        .isBetween(1000, 2990);
  }

  /** The file's merges name tokens that it does not have, which no tokenizer takes. */
  private static byte[] withoutMerges(byte[] file) {
    String name = "tokenizer.ggml.merges";
    String text = new String(file, StandardCharsets.ISO_8859_1);
    return text.replace(name, name.replace("merges", "unread"))
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void safetensors_isReadOrRefused() throws Exception {
    Path original = folder.resolve("original");
    SafetensorsWriter.write(
        original,
        List.of(
            new SafetensorsWriter.Plan("a", DType.F32, new long[] {3, 2}),
            new SafetensorsWriter.Plan("b", DType.BF16, new long[] {4})),
        name -> name.equals("a") ? Tensor.zeros(DType.F32, 3, 2) : Tensor.zeros(DType.BF16, 4));
    byte[] bytes = Files.readAllBytes(original);
    assertThat(
            refusals(
                2500,
                mutator -> {
                  Files.write(
                      folder.resolve(WEIGHTS),
                      mutator.chance(2) ? mutator.safetensors(bytes) : mutator.bytes(bytes));
                  try (Scope _ = Scope.open();
                      SafetensorsWeights weights = SafetensorsWeights.open(folder)) {
                    for (String name : weights.tensors().keySet()) {
                      weights.read(name, DType.BF16);
                    }
                  }
                }))
        .isBetween(500, 2490);
  }

  @ParameterizedTest
  @CsvSource({
    "config.json, 1500",
    "generation_config.json, 200",
    "tokenizer_config.json, 300",
    "tokenizer.json, 800",
    "model.safetensors.index.json, 500",
  })
  void documentOfAModel_worksOrIsRefused(String name, int mutations) throws Exception {
    copy(Reference.checkpoint("llama"));
    if (name.contains("index")) {
      Files.move(folder.resolve(WEIGHTS), folder.resolve("model-00001-of-00001.safetensors"));
      Files.writeString(folder.resolve(name), index());
    }
    String original = Files.readString(folder.resolve(name));
    assertThat(
            refusals(
                mutations,
                mutator -> {
                  Files.write(folder.resolve(name), mutator.json(original));
                  use(folder);
                }))
        .isBetween(mutations / 20, mutations);
  }

  private String index() throws IOException {
    StringBuilder names = new StringBuilder();
    try (SafetensorsFolder weights = SafetensorsFolder.open(Reference.checkpoint("llama"))) {
      for (String name : weights.tensors().keySet()) {
        names.append(names.isEmpty() ? "" : ", ");
        names.append("\"%s\": \"model-00001-of-00001.safetensors\"".formatted(name));
      }
    }
    return "{\"weight_map\": {" + names + "}}";
  }

  @ParameterizedTest
  @CsvSource({"patterns", "regex", "dora", "tokens", "saved-head", "prefix"})
  void adapter_worksOrIsRefused(String name) throws Exception {
    copy(Reference.adapter(name));
    ModelConfig model = config();
    Path config = folder.resolve(PeftFolder.CONFIG);
    Path weights = folder.resolve("adapter_model.safetensors");
    String json = Files.readString(config);
    byte[] bytes = Files.readAllBytes(weights);
    assertThat(
            refusals(
                400,
                mutator -> {
                  boolean both = mutator.chance(8);
                  boolean one = mutator.chance(3);
                  Files.write(config, both || !one ? mutator.json(json) : utf8(json));
                  Files.write(weights, both || one ? mutator.safetensors(bytes) : bytes);
                  try (Scope _ = Scope.open()) {
                    PeftFolder.open(folder, model);
                  }
                }))
        .isBetween(50, 400);
  }

  @Test
  void pattern_thatNeverLooksAtTheName_isRefusedInTime() {
    TargetModules targets = TargetModules.parse("(|)".repeat(29) + "(?!)");
    assertThatThrownBy(() -> targets.matches("model.layers.0.mlp.up_proj"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("forever");
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static ModelConfig config() {
    try (Checkpoint base = Checkpoint.open(Reference.checkpoint("llama"))) {
      return base.config();
    }
  }

  private void copy(Path from) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName().toString()));
      }
    }
  }

  /** Two tokens through the decoder, and a text through tokenizer and template. */
  private static void use(Path path) throws Exception {
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = Checkpoint.open(path)) {
      try (Decoder decoder =
          Decoder.load(checkpoint.config(), checkpoint.weights(), Precision.FP32, Device.CPU)) {
        int last = checkpoint.config().vocabulary() - 1;
        Native.withoutGradients(
            () ->
                AdaptedDecoder.base(decoder)
                    .hidden(Ragged.of(List.of(new int[] {0, last})))
                    .floats());
      }
      Tokenizer tokenizer = checkpoint.tokenizer();
      tokenizer.decode(tokenizer.encodeDocument("Two b\u00e4rs <|im_end|> 12"));
      checkpoint
          .chatTemplate()
          .ifPresent(template -> template.renderForReply(List.of(new Message("user", "Hi"))));
    }
  }
}
