package dev.palimpsest.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReadOptionsTest {
  private static ReadOptions parse(String map) {
    return ReadOptions.parse(List.of(map), List.of(), ReadOptions.Purpose.ANSWERS);
  }

  @Test
  void parse_mapAndExtra_mayRepeatAndBeListed() {
    ReadOptions options =
        ReadOptions.parse(
            List.of("prompt=question, completion=answer", "id=key"),
            List.of("a,b", "c"),
            ReadOptions.Purpose.PROMPTS);

    assertThat(options.map())
        .isEqualTo(Map.of("prompt", "question", "completion", "answer", "id", "key"));
    assertThat(options.extra()).isEqualTo(Set.of("a", "b", "c"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "prompt|write OURS=YOURS",
        "=x|write OURS=YOURS",
        "prompt=|write OURS=YOURS",
        "question=prompt|no field of ours is called 'question'",
        "prompt=a,prompt=b|names 'prompt' twice",
        "prompt=a,completion=a|two names"
      })
  void parse_whatCannotBeMeant_isRefused(String map, String message) {
    assertThatThrownBy(() -> parse(map))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--map")
        .hasMessageContaining(message);
  }
}
