package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.generate.Prompt;
import dev.palimpsest.tokenizer.Message;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OverlapTest {
  @TempDir private Path folder;

  private static ProbeItem ask(String id, Prompt prompt) {
    return new ProbeItem.Ask(id, Optional.empty(), prompt, "A", Metric.EXACT);
  }

  private static Prompt chat(String... turns) {
    List<Message> messages = new ArrayList<>();
    for (int i = 0; i < turns.length; i += 2) {
      messages.add(new Message(turns[i], turns[i + 1]));
    }
    return new Prompt.Chat(messages);
  }

  private Probe probe(String name, ProbeItem... items) {
    return new Probe(name, ProbeKind.RETENTION, folder, List.of(items));
  }

  private Overlap of(String rows, Probe... probes) throws Exception {
    Path data = folder.resolve("data.jsonl");
    Files.writeString(data, rows);
    Overlap.Search search = new Overlap.Search(List.of(probes));
    search.through(DataSpec.of(data), Optional.empty());
    return search.overlap();
  }

  @Test
  void prompts_areAlikeButForCaseAndSpace() throws Exception {
    Probe sums =
        probe(
            "sums",
            ask("same", Prompt.Chat.of("what is  7 + 4?")),
            ask("minus", Prompt.Chat.of("What is 7 - 4?")),
            ask("system", chat("system", "Be brief.", "user", "What is 7 + 4?")),
            ask("other", Prompt.Chat.of("What is 9?")));
    Probe untouched = probe("untouched", ask("x", Prompt.Chat.of("Who?")));

    Overlap found =
        of("{\"prompt\": \"What is 7 + 4?\", \"completion\": \"11\"}\n", sums, untouched);

    assertThat(found.items()).isEqualTo(Map.of("sums", Set.of("same", "system")));
    assertThat(found.of(untouched)).isEmpty();
    assertThat(found.unread()).isEmpty();
  }

  @Test
  void conversations_areFoundBeforeEachAnswer() throws Exception {
    Probe turns =
        probe(
            "turns",
            ask("first", Prompt.Chat.of("Hi")),
            ask("second", chat("user", "Hi", "assistant", "Hello", "user", "Bye")),
            ask("last", Prompt.Chat.of("Bye")));

    Overlap found =
        of(
            "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"},"
                + "{\"role\": \"assistant\", \"content\": \"Hello\"},"
                + "{\"role\": \"user\", \"content\": \"Bye\"},"
                + "{\"role\": \"assistant\", \"content\": \"So long\"}]}\n",
            turns);

    assertThat(found.of(turns)).containsExactlyInAnyOrder("first", "second");
  }

  @Test
  void dataThatIsGoneOrChanged_isTold() throws Exception {
    Probe probe = probe("p", ask("x", Prompt.Chat.of("Who?")));
    Overlap.Search gone = new Overlap.Search(List.of(probe));
    gone.through(DataSpec.of(folder.resolve("gone.jsonl")), Optional.empty());
    assertThat(gone.overlap().unread()).singleElement().asString().contains("gone.jsonl");

    Path data = folder.resolve("data.jsonl");
    Files.writeString(data, "{\"prompt\": \"Who?\", \"completion\": \"I\"}\n");
    Overlap.Search changed = new Overlap.Search(List.of(probe));
    changed.through(DataSpec.of(data), Optional.of("another fingerprint"));
    assertThat(changed.overlap().unread())
        .singleElement()
        .asString()
        .contains("has changed since the run");
    assertThat(changed.overlap().items()).isEmpty();
  }
}
