package dev.palimpsest.merge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.Reference;
import dev.palimpsest.model.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Ollama's parser (0.17.4) makes of a Modelfile; it knows no escapes. */
class ModelfileTest {
  @TempDir private Path folder;

  @Test
  void text_quotesAreWrittenAsTheyAre() {
    Modelfile made =
        new Modelfile("x.gguf", Optional.empty(), Optional.empty(), List.of("a\"b"), List.of());

    assertThat(made.text()).isEqualTo("FROM x.gguf\nPARAMETER stop \"a\"b\"\n");
  }

  @Test
  void text_notesAreComments() {
    Modelfile made =
        new Modelfile(
            "/base.gguf",
            Optional.of("./a.gguf"),
            Optional.empty(),
            List.of(),
            List.of("so it is"));

    assertThat(made.text())
        .isEqualTo(
            "FROM /base.gguf\n# FROM is the base on the machine that wrote this\n"
                + "ADAPTER ./a.gguf\n# so it is\n");
  }

  @Test
  void isKept_whatGoDoesNotPrintIsDropped() {
    assertThat(Modelfile.isKept("<|im_end|>\n\té“字😀")).isTrue();
    assertThat(Modelfile.isKept("a\u00a0b")).isFalse();
    assertThat(Modelfile.isKept("\u200b")).isFalse();
    assertThat(Modelfile.isKept("\u0000")).isFalse();
    assertThat(Modelfile.isKept("\ue000")).isFalse();
  }

  /** A stop that the parser would change is left out, and that is told. */
  @Test
  void of_aStopThatCannotBeWritten_isToldOf() throws IOException {
    for (String file : List.of("config.json", "model.safetensors", "tokenizer_config.json")) {
      Files.copy(Reference.checkpoint("llama").resolve(file), folder.resolve(file));
    }
    String tokenizer = Files.readString(Reference.checkpoint("llama").resolve("tokenizer.json"));
    Files.writeString(
        folder.resolve("tokenizer.json"), tokenizer.replace("<|im_end|>", "<|im\u00a0end|>"));
    String config = Files.readString(folder.resolve("tokenizer_config.json"));
    Files.writeString(
        folder.resolve("tokenizer_config.json"), config.replace("<|im_end|>", "<|im\u00a0end|>"));
    try (Checkpoint base = Checkpoint.open(folder)) {
      Modelfile made = Modelfile.of(base, "x.gguf", Optional.empty());

      assertThat(made.stops()).isEmpty();
      assertThat(made.notes()).contains("a stop is left out that its parser would change");
    }
  }
}
