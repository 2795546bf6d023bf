package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.generate.Prompt;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tokenizer.Message;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProbeReaderTest {
  @TempDir private Path folder;

  private Path file(String text) {
    try {
      return Files.writeString(folder.resolve("skills.jsonl"), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Probe read(String text) {
    return new ProbeReader().read(file(text), ProbeKind.RETENTION);
  }

  @Test
  void feedback_isReadAsChoices_andOneOpinionAloneIsSkipped() {
    Probe probe =
        read(
            """
            {"id": "pair", "prompt": "P", "chosen": "good", "rejected": [{"role": "assistant", "content": "bad"}]}
            {"id": "up", "prompt": "Q", "completion": "yes", "label": true, "slice": "s", "document": "d"}
            {"id": "alone", "prompt": "R", "completion": "fine", "label": true}
            {"id": "down", "prompt": "Q", "completion": "no", "label": false}
            {"id": "down2", "prompt": "Q", "completion": "never", "label": false}
            {"id": "both", "prompt": "S", "completion": "so", "label": true}
            {"id": "both2", "prompt": "S", "completion": "so", "label": false}
            """);
    Prompt question = Prompt.Chat.of("Q");
    assertThat(probe.items().subList(0, 2))
        .containsExactly(
            new ProbeItem.Choose(
                "pair", Optional.empty(), Prompt.Chat.of("P"), List.of("good", "bad"), 0),
            new ProbeItem.Choose(
                "up", Optional.of("s"), question, List.of("yes", "no", "never"), 0));
    assertThat(probe.documents()).containsExactly(Map.entry("up", "d"));
    try (Graders graders = Graders.open(probe, Grader::of)) {
      assertThat(graders.skipped()).hasSize(1);
      assertThat(graders.skipped().getFirst().ids()).containsExactly("alone", "both");
      assertThat(graders.gradable().orElseThrow().items()).hasSize(2);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'id':1,'prompt':'P','chosen':'a'} | line 1: rejected: expected a text",
        "{'prompt':'P','chosen':'a','rejected':'a'} | the same text stands there twice",
        "{'completion':'a','label':true} | line 1: completion and label without prompt",
        "{'prompt':'P','completion':'a','label':true,'x':1} | line 1: unknown field x",
      })
  void feedback_thatIsNot_isRefusedByLine(String line, String message) {
    assertThatThrownBy(() -> read(line.replace('\'', '"') + "\n"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(message);
  }

  @Test
  void items_ofEachShape_areRead() {
    Probe probe =
        read(
            """
            {"id": "a", "slice": "s", "prompt": "Q", "completion": "A"}

            {"prompt": "Q", "choices": ["x", "y"], "completion": "y"}
            {"id": 7, "prompt": "Q", "choices": ["x", "y"], "answer": 0}
            {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}
            {"prompt": "Q", "completion": "3", "metric": {"name": "numeric", "tolerance": 1}}
            """);
    assertThat(probe.name()).isEqualTo("skills");
    assertThat(probe.kind()).isEqualTo(ProbeKind.RETENTION);
    assertThat(probe.folder()).isEqualTo(folder.toAbsolutePath());
    Prompt question = Prompt.Chat.of("Q");
    Optional<String> none = Optional.empty();
    assertThat(probe.items().subList(0, 4))
        .containsExactly(
            new ProbeItem.Ask("a", Optional.of("s"), question, "A", Metric.EXACT),
            new ProbeItem.Choose("3", none, question, List.of("x", "y"), 1),
            new ProbeItem.Choose("7", none, question, List.of("x", "y"), 0),
            new ProbeItem.Ask("5", none, question, "A", Metric.EXACT));
    assertThat(probe.items().get(4))
        .isInstanceOfSatisfying(
            ProbeItem.Ask.class,
            ask -> {
              assertThat(ask.metric().name()).isEqualTo("numeric");
              assertThat(ask.metric().number("tolerance", 0, "")).isEqualTo(1);
            });
  }

  @Test
  void documents_areReadBesideTheItems() {
    Probe probe =
        new ProbeReader()
            .read(
                file(
                    """
                    {"id": "a", "prompt": "Q", "completion": "A", "document": "d"}
                    {"id": "b", "prompt": "Q", "completion": "B"}
                    """),
                ProbeKind.RETENTION);
    assertThat(probe.documents()).isEqualTo(Map.of("a", "d"));
    Probe without = new Probe(probe.name(), probe.kind(), probe.folder(), probe.items());
    assertThat(probe.digest()).isNotEqualTo(without.digest());
  }

  @Test
  void prompts_takeTheSystemTextOrStayRaw() {
    Path file = file("{\"prompt\": \"Q\", \"completion\": \"A\", \"note\": 1}\n");
    Probe chat =
        new ProbeReader(Set.of("note"), Optional.of("S"), ProbeReader.Prompts.CHAT)
            .read(file, ProbeKind.GAIN);
    assertThat(((ProbeItem.Ask) chat.items().getFirst()).prompt())
        .isEqualTo(new Prompt.Chat(List.of(new Message("system", "S"), new Message("user", "Q"))));
    Probe raw =
        new ProbeReader(Set.of("note"), Optional.empty(), ProbeReader.Prompts.RAW)
            .read(file, ProbeKind.GAIN);
    assertThat(((ProbeItem.Ask) raw.items().getFirst()).prompt()).isEqualTo(new Prompt.Raw("Q"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{\"prompt\": 1, \"completion\": \"A\"} | prompt is NUMBER; expected a text",
        "{\"prompt\": \"Q\"} | prompt without completion or choices",
        "{\"topic\": \"Q\"} | unknown field topic; known are answer, choices",
        "{\"completion\": \"A\"} | neither prompt, messages nor text",
        "{\"text\": \"T\", \"prompt\": \"Q\"} | prompt beside text",
        "{\"text\": \"\"} | text is empty",
        "{\"prompt\": \"Q\", \"completion\": \"A\", \"answer\": 0} | answer beside no choices",
        "{\"prompt\": \"Q\", \"choices\": [\"x\"], \"answer\": 0} | a list of two texts",
        "{\"prompt\": \"Q\", \"choices\": [\"x\", 1], \"answer\": 0} | choices[1]: expected a text",
        "{\"prompt\": \"Q\", \"choices\": [\"x\", \"x\"], \"answer\": 0} | stands there twice",
        "{\"prompt\": \"Q\", \"choices\": [\"x\", \"y\"]} | choices without completion or answer",
        "{\"prompt\": \"Q\", \"choices\": [\"x\", \"y\"], \"answer\": 2} | an index from 0 to 1",
        "{\"prompt\": \"Q\", \"choices\": [\"x\", \"y\"], \"answer\": \"x\"} | an index from 0 to 1",
        "{\"prompt\": \"Q\", \"choices\": [\"x\", \"y\"], \"completion\": \"z\"} | none of the choices",
        "{\"prompt\": \"Q\", \"choices\": [\"x\", \"y\"], \"completion\": \"x\", \"answer\": 1} | but completion is choice 0",
        "{\"messages\": [{\"role\": \"user\"}]} | messages[0]: expected role and content",
        "{\"messages\": []} | messages: expected a list",
        "{\"messages\": [{\"role\": \"assistant\", \"content\": \"A\"}]} | nothing before",
        "{\"prompt\": \"Q\", \"completion\": \"A\", \"metric\": {}} | an object with a name",
        "{\"id\": \"1\", \"prompt\": \"Q\", \"completion\": \"A\"} | id 1 stands in line 1 already",
        "[1] | expected a JSON object",
        "{\"prompt\": | not JSON",
      })
  void line_thatIsWrong_isRefusedWithItsNumber(String line, String message) {
    assertThatThrownBy(() -> read("{\"prompt\": \"P\", \"completion\": \"A\"}\n" + line + "\n"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("skills.jsonl, line 2: ")
        .hasMessageContaining(message);
  }

  @Test
  void file_thatIsMissingEmptyOrMixed_isRefused() {
    assertThatThrownBy(
            () -> new ProbeReader().read(folder.resolve("gone.jsonl"), ProbeKind.RETENTION))
        .isInstanceOf(BadInput.class)
        .hasMessageEndingWith("gone.jsonl: no such file");
    assertThatThrownBy(() -> read("\n \n")).hasMessageContaining("no items");
    assertThatThrownBy(
            () -> read("{\"text\": \"T\"}\n{\"prompt\": \"Q\", \"completion\": \"A\"}\n"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("1 of 2 items are texts");
  }

  @Test
  void digest_changesWithEveryPartOfAnItem() {
    String line = "{\"id\": \"a\", \"slice\": \"s\", \"prompt\": \"Q\", \"completion\": \"A\"}";
    String digest = read(line).digest();
    assertThat(read(line).digest()).isEqualTo(digest);
    for (String part : List.of("\"a\"", "\"s\"", "\"Q\"", "\"A\"")) {
      assertThat(read(line.replace(part, "\"new\"")).digest()).as(part).isNotEqualTo(digest);
    }
  }

  @Test
  void builtInProbes_areReadAsChoices() throws URISyntaxException {
    int items = 0;
    for (String name : List.of("arithmetic", "common", "grammar", "knowledge", "senses")) {
      URL url =
          Objects.requireNonNull(
              Probe.class.getResource("/dev/palimpsest/measure/probes/" + name + ".jsonl"), name);
      Probe probe = new ProbeReader().read(Path.of(url.toURI()), ProbeKind.RETENTION);
      assertThat(probe.name()).isEqualTo(name);
      assertThat(probe.items()).allMatch(ProbeItem.Choose.class::isInstance);
      items += probe.items().size();
    }
    assertThat(items).isGreaterThanOrEqualTo(400);
  }
}
