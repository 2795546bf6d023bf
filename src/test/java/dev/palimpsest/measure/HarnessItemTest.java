package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.generate.Prompt;
import dev.palimpsest.run.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HarnessItemTest {
  @TempDir private Path folder;

  private ProbeItem read(String line, ProbeReader.Prompts prompts) {
    Path file = folder.resolve("task.jsonl");
    try {
      Files.writeString(file, line + "\n");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return new ProbeReader(Set.of(), Optional.empty(), prompts)
        .read(file, ProbeKind.RETENTION)
        .items()
        .getFirst();
  }

  private ProbeItem chat(String line) {
    return read(line, ProbeReader.Prompts.CHAT);
  }

  private ProbeItem raw(String line) {
    return read(line, ProbeReader.Prompts.RAW);
  }

  private static ProbeItem choose(String id, Prompt prompt, int answer, String... choices) {
    return new ProbeItem.Choose(id, Optional.empty(), prompt, List.of(choices), answer);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{\"question\": \"Q\", \"subject\": \"law\", \"choices\": [\"x\", \"y\"], \"answer\": 1}",
        "{\"question\": \"Q\", \"choices\": [\"x\", \"y\"], \"answer\": \"B\"}",
        "{\"question\": \"Q\", \"choices\": {\"text\": [\"x\", \"y\"], \"label\": [\"1\", \"2\"]}, \"answerKey\": \"2\"}",
        "{\"ctx\": \"Q\", \"ctx_a\": \"Q\", \"endings\": [\"x\", \"y\"], \"label\": \"1\"}"
      })
  void documents_areChoicesAfterTheirQuestion(String line) {
    assertThat(chat(line)).isEqualTo(choose("1", Prompt.Chat.of("Q"), 1, "x", "y"));
  }

  @Test
  void documents_ofRawPrompts_haveTheirTasksFrame() {
    assertThat(
            raw("{\"question\": \"Q\", \"choices\": [\"x\", \"y\"], \"answer\": 0, \"id\": \"a\"}"))
        .isEqualTo(choose("a", new Prompt.Raw("Question: Q\nAnswer:"), 0, " x", " y"));
    assertThat(raw("{\"ctx\": \"A man\", \"endings\": [\"x\", \"y\"], \"label\": 0}"))
        .isEqualTo(choose("1", new Prompt.Raw("A man"), 0, " x", " y"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "[[\"Q:\", \" x\"], [\"Q:\", \" y\"]] | 1",
        "{\"gen_args_0\": {\"arg_0\": \"Q:\", \"arg_1\": \" x\"}, \"gen_args_1\": {\"arg_0\": \"Q:\", \"arg_1\": \" y\"}} | \"1\"",
        "[[\"Q:\", \" x\"], [\"Q:\", \" y\"]] | \"y\""
      })
  void loggedChoices_keepTheirPrompt(String arguments, String target) {
    String line =
        "{\"doc_id\": 7, \"doc\": {}, \"target\": %s, \"arguments\": %s, \"resps\": [], \"filtered_resps\": [], \"acc\": 1.0, \"own\": 2, \"metrics\": [\"own\"]}"
            .formatted(target, arguments);
    assertThat(raw(line)).isEqualTo(choose("7", new Prompt.Raw("Q:"), 1, " x", " y"));
    assertThat(chat(line)).isEqualTo(choose("7", Prompt.Chat.of("Q:"), 1, "x", "y"));
  }

  @Test
  void loggedGenerationsAndTexts_areAskedAndRead() {
    assertThat(
            raw(
                "{\"doc\": {}, \"target\": \"#### 4\", \"arguments\": [[\"2 + 2?\", {\"until\": []}]]}"))
        .isEqualTo(
            new ProbeItem.Ask(
                "1", Optional.empty(), new Prompt.Raw("2 + 2?"), "#### 4", Metric.EXACT));
    assertThat(raw("{\"doc\": {}, \"target\": \"\", \"arguments\": [[\"a text\"]]}"))
        .isEqualTo(new ProbeItem.Read("1", Optional.empty(), "a text"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{\"question\": \"Q\"} | neither a probe's item nor one of lm-evaluation-harness",
        "{\"doc\": {\"question\": \"Q\"}} | logged samples with doc, target and arguments",
        "{\"question\": \"Q\", \"choices\": [\"x\", \"y\"]} | answer is missing; expected an index from 0 or one of A, B",
        "{\"question\": \"Q\", \"choices\": [\"x\", \"y\"], \"answer\": \"C\"} | answer is \"C\"",
        "{\"question\": \"Q\", \"choices\": [\"x\", \"y\"], \"answer\": 2} | an index from 0 to 1",
        "{\"question\": \"Q\", \"choices\": [\"x\", 1], \"answer\": 0} | choices[1]: expected a text",
        "{\"question\": \"Q\", \"choices\": {\"text\": [\"x\", \"y\"], \"label\": [\"A\"]}, \"answerKey\": \"A\"} | 2 texts, 1 labels",
        "{\"question\": \"Q\", \"choices\": [\"x\", \"y\"], \"answer\": 0, \"hint\": 1} | unknown field hint",
        "{\"ctx\": \"Q\", \"endings\": [\"x\", \"y\"], \"label\": \"\"} | label is \"\"",
        "{\"ctx\": 1, \"endings\": [\"x\", \"y\"], \"label\": 0} | ctx is 1; expected a text",
        "{\"doc\": {}, \"target\": 0, \"arguments\": []} | arguments: expected a prompt",
        "{\"doc\": {}, \"target\": 0, \"arguments\": [[\"a\", \"x\"], [\"b\", \"x\"]]} | the prompts of the choices differ",
        "{\"doc\": {}, \"target\": \"z\", \"arguments\": [[\"a\", \"x\"], [\"a\", \"y\"]]} | target is z",
        "{\"doc\": {}, \"target\": [1], \"arguments\": [[\"a\", {}]]} | target is [1]",
        "{\"doc\": {}, \"target\": 1, \"arguments\": [[\"a\", 5]]} | arguments: expected a prompt"
      })
  void items_thatAreNotKnown_areRefusedByName(String line, String message) {
    assertThatThrownBy(() -> chat(line))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("task.jsonl, line 1: ")
        .hasMessageContaining(message);
  }
}
