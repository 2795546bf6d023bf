package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Against bitsandbytes (reference/full.py). */
class CodebookTest {
  private static final JsonNode MAPS = Reference.json("full").get("maps");

  @ParameterizedTest
  @ValueSource(strings = {"signed", "unsigned"})
  void value_ofEveryCode_isBitsandbytes(String name) {
    Codebook map = map(name);
    float[] expected = Reference.floats(Reference.named(MAPS, name).get("map"));

    for (int code = 0; code < 256; code++) {
      // the last bits hang on the width of the registers that torch.linspace runs in
      float error = 2.4e-7f * Math.abs(expected[code]);
      assertThat(map.value(code)).isCloseTo(expected[code], within(error));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"signed", "unsigned"})
  void code_ofThreeBlocks_isBitsandbytes(String name) {
    JsonNode expected = Reference.named(MAPS, name);
    float[] values = Reference.floats(expected.get("values"));
    float[] scales = Reference.floats(expected.get("scales"));
    int[] codes = Reference.ints(expected.get("codes"));
    Codebook map = map(name);

    for (int i = 0; i < values.length; i++) {
      float scale = scales[i / 256];
      float share = scale == 0 ? 0 : values[i] / scale;
      assertThat(map.code(share)).as("element " + i).isEqualTo(codes[i]);
    }
  }

  @Test
  void code_ofAnyNumber_isTheNearest() {
    for (Codebook map : new Codebook[] {Codebook.DYNAMIC, Codebook.UNSIGNED_DYNAMIC}) {
      for (int i = -4000; i <= 4000; i++) {
        float x = (float) (Math.signum(i) * Math.pow(Math.abs(i) / 4000.0, 5));
        if (map == Codebook.UNSIGNED_DYNAMIC && x < 0) {
          continue;
        }
        float found = Math.abs(map.value(map.code(x)) - x);
        for (int code = 0; code < 256; code++) {
          assertThat(found).isLessThanOrEqualTo(Math.abs(map.value(code) - x) + 1e-9f);
        }
      }
    }
  }

  private static Codebook map(String name) {
    return name.equals("signed") ? Codebook.DYNAMIC : Codebook.UNSIGNED_DYNAMIC;
  }
}
