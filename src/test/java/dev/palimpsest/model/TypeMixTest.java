package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.run.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

final class TypeMixTest {
  @ParameterizedTest
  @MethodSource("cases")
  void of_modelOfReference_isLlamaCpps(JsonNode model) {
    int layers = model.path("layers").asInt();
    TypeMix mix =
        new TypeMix(
            GgmlType.valueOf(model.path("type").asString()),
            layers,
            model.path("tied").asBoolean(),
            model.path("keyValueHeads").asInt() < model.path("heads").asInt());

    for (Map.Entry<String, JsonNode> part : model.path("tensors").properties()) {
      long row =
          model.path(part.getKey().equals("ffn_down.weight") ? "feedForward" : "width").asLong();
      boolean inside =
          !part.getKey().equals("token_embd.weight") && !part.getKey().equals("output.weight");
      for (int layer = 0; layer < (inside ? layers : 1); layer++) {
        String name = (inside ? "blk." + layer + "." : "") + part.getKey();
        JsonNode types = part.getValue();

        assertThat(mix.of(name, new long[] {32, row}))
            .as("%s of %s", name, model)
            .isEqualTo(GgmlType.valueOf(types.get(layer % types.size()).asString()));
      }
    }
  }

  @Test
  void of_vector_isF32() {
    TypeMix mix = new TypeMix(GgmlType.Q4_K, 2, true, true);

    assertThat(mix.of("blk.0.attn_q.bias", new long[] {256})).isEqualTo(GgmlType.F32);
    assertThat(mix.of("output_norm.weight", new long[] {256})).isEqualTo(GgmlType.F32);
  }

  static Stream<JsonNode> cases() throws IOException {
    try (InputStream in = TypeMixTest.class.getResourceAsStream("/reference/gguf_types.json")) {
      String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      return StreamSupport.stream(Json.parse(text, "gguf_types.json").spliterator(), false)
          // null where llama.cpp refuses
          .filter(model -> model.path("tensors").isObject());
    }
  }
}
