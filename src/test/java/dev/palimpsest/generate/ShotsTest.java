package dev.palimpsest.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tokenizer.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShotsTest {
  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("shots.jsonl");
    Files.writeString(
        file,
        """
        {"prompt": "1 + 1?", "completion": "2"}
        {"messages": [{"role": "system", "content": "Add."}, {"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}]}
        """);
  }

  @Test
  void parse_aNumberBehindAColon_isACountUnlessSuchAFileExists() throws IOException {
    assertThat(Shots.parse("a:b.jsonl:12"))
        .isEqualTo(new Shots(Path.of("a:b.jsonl"), OptionalInt.of(12)));
    assertThat(Shots.parse("a.jsonl"))
        .isEqualTo(new Shots(Path.of("a.jsonl"), OptionalInt.empty()));
    Path odd = Files.createFile(folder.resolve("odd:3"));
    assertThat(Shots.parse(odd.toString())).isEqualTo(new Shots(odd, OptionalInt.empty()));
  }

  @Test
  void turns_areTheFirstRowsWithoutSystemTexts() {
    assertThat(Shots.parse(file + ":1").turns())
        .containsExactly(new Message("user", "1 + 1?"), new Message("assistant", "2"));
    Prompting all =
        Prompting.of(Optional.of("Be brief."), Optional.of(Shots.parse(file.toString())));
    assertThat(all.examples())
        .extracting(Message::content)
        .containsExactly("1 + 1?", "2", "2 + 2?", "4");
    assertThat(all.told()).isEqualTo("a system text and 2 examples");
    assertThat(Prompting.NONE.told()).isEmpty();
  }

  @Test
  void turns_moreThanThereAre_orNone_orATextAreRefused() throws IOException {
    assertThatThrownBy(() -> Shots.parse(file + ":3").turns())
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("3 examples of " + file + ", which has 2 rows");
    assertThatThrownBy(() -> Shots.parse(file + ":0")).isInstanceOf(BadInput.class);
    Path texts = Files.writeString(folder.resolve("texts.jsonl"), "{\"text\": \"words\"}\n");
    assertThatThrownBy(() -> Shots.parse(texts.toString()).turns())
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("line 1");
  }
}
