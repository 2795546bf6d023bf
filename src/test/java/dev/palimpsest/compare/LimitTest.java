package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LimitTest {
  @Test
  void parse_probeAndPercent_withAndWithoutSign() {
    assertThat(Limit.parse("a<b/general.jsonl<1.5%"))
        .isEqualTo(new Limit("a<b/general.jsonl", 0.015));
    assertThat(Limit.parse("built-in < 2")).isEqualTo(new Limit("built-in", 0.02));
  }

  @ParameterizedTest
  @ValueSource(strings = {"3", "general", "<1%", "general<", "general<x%", "general<0%", "g<101%"})
  void parse_anythingElse_isRefusedWithAnExample(String text) {
    assertThatThrownBy(() -> Limit.parse(text))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--keep " + text + ": give a probe and what it may lose")
        .hasMessageContaining("--keep-checkpoints");
  }
}
