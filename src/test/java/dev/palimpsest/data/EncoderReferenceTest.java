package dev.palimpsest.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.run.Json;
import dev.palimpsest.tokenizer.ChatTemplate;
import dev.palimpsest.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Ids and labels against transformers ({@code reference/labels.py}). */
class EncoderReferenceTest {
  private static final Path RESOURCES = Path.of("src/test/resources");
  private static final JsonNode LABELS = Json.read(RESOURCES.resolve("reference/labels.json"));

  private static Encoder encoder(Encoder.Form form) throws IOException {
    Path folder = RESOURCES.resolve("checkpoints/llama");
    return new Encoder(
        Tokenizer.ofJson(Files.readString(folder.resolve("tokenizer.json"))),
        Optional.of(
            ChatTemplate.parse(Files.readString(folder.resolve("chat_template.jinja")), Map.of())),
        new Encoder.Options(Optional.empty(), form, 1000, Encoder.Overlong.REFUSE));
  }

  private static void assertSame(Example example, JsonNode expected, String what) {
    assertThat(example.ids()).as(what).isEqualTo(ints(expected.get("ids")));
    int[] labels = new int[example.length()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = example.label()[i] ? 1 : 0;
    }
    assertThat(labels).as(what).isEqualTo(ints(expected.get("labels")));
  }

  private static int[] ints(JsonNode list) {
    int[] values = new int[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i).intValue();
    }
    return values;
  }

  @Test
  void chats_haveTheIdsAndMasksOfTransformers() throws IOException {
    Encoder encoder = encoder(Encoder.Form.TEMPLATE);
    int seen = 0;
    for (JsonNode expected : LABELS.get("chats")) {
      List<Turn> turns = new ArrayList<>();
      for (JsonNode message : expected.get("messages")) {
        turns.add(Turn.of(message.get("role").stringValue(), message.get("content").stringValue()));
      }
      Sample.Chat chat = new Sample.Chat("c", Optional.empty(), turns);

      assertSame(encoder.example(chat), expected, turns.toString());
      assertThat(encoder.prompt(chat)).isEqualTo(ints(expected.get("prompt")));
      seen++;
    }
    assertThat(seen).isEqualTo(5);
  }

  @Test
  void rawPairs_haveTheIdsAndOffsetsOfTransformers() throws IOException {
    Encoder encoder = encoder(Encoder.Form.RAW);
    int seen = 0;
    for (JsonNode expected : LABELS.get("pairs")) {
      Sample.Pair pair =
          new Sample.Pair(
              "p",
              Optional.empty(),
              expected.get("prompt").stringValue(),
              expected.get("completion").stringValue());

      assertSame(encoder.example(pair), expected, pair.toString());
      seen++;
    }
    assertThat(seen).isEqualTo(6);
  }

  @Test
  void endOfTurn_isTheTemplatesOwn() throws IOException {
    assertThat(encoder(Encoder.Form.TEMPLATE).endOfTurn()).contains("<|im_end|>");
    assertThat(encoder(Encoder.Form.TEMPLATE).templateSystem()).isEmpty();
  }
}
