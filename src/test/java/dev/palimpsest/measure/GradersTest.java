package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GradersTest {
  private static Grader grader(String metric) {
    return Grader.of(Metric.parse(Json.parse(metric, "test"), "test"), Path.of("."), "here");
  }

  @ParameterizedTest
  @CsvSource({
    "Paris, '  paris.\n', true",
    "'New York', 'NEW -- york!', true",
    "Straße, STRASSE, true",
    "Ærø, ærø, true",
    "東京, '東京。', true",
    "a_b, 'a b', false",
    "Paris, 'Paris France', false",
    "'New York', Newyork, false",
    "3.5, '3 5', true",
    "Zürich, Zurich, false",
    "Paris, '', false"
  })
  void exact_normalisesCaseAndPunctuationAndNothingMore(String gold, String answer, boolean right) {
    assertThat(grader("\"exact\"").right(gold, answer)).isEqualTo(right);
  }

  @Test
  void exact_completionOfPunctuationAlone_isRefused() {
    assertThatThrownBy(() -> grader("\"exact\"").check("?!"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no letter");
  }

  @Test
  void contains_wantsWholeWords() {
    Grader grader = grader("{\"name\": \"contains\"}");
    assertThat(grader.right("Oslo", "It is Oslo, I think")).isTrue();
    assertThat(grader.right("Os", "It is Oslo")).isFalse();
  }

  @Test
  void regex_takesTheLastMatchOfBoth() {
    Grader grader = grader("{\"name\": \"regex\", \"pattern\": \"#### (.*)\"}");
    assertThat(grader.right("2 + 2\n#### 4", "#### 5, no\n#### 4")).isTrue();
    assertThat(grader.right("4", "so #### 4")).isTrue();
    assertThat(grader.right("4", "4")).isFalse();
  }

  @Test
  void numeric_comparesLastNumbersWithinTheTolerance() {
    assertThat(grader("\"numeric\"").right("it costs 1,200", "3 times 400 is 1200.0")).isTrue();
    assertThat(grader("\"numeric\"").right("12", "12.1")).isFalse();
    assertThat(grader("\"numeric\"").right("12", "none")).isFalse();
    Grader close = grader("{\"name\": \"numeric\", \"tolerance\": 0.1}");
    assertThat(close.right("12", "about 12.1")).isTrue();
    assertThatThrownBy(() -> close.check("twelve")).hasMessageContaining("no number");
  }

  @Test
  void metric_unknownNameSettingOrShape_isRefusedByName() {
    assertThatThrownBy(() -> grader("\"bleu\""))
        .isInstanceOf(BadInput.class)
        .hasMessage(
            "here: unknown metric bleu; known are exact, contains, regex, numeric, f1, label,"
                + " schema, fields, sql, verilog, judge (choices are graded by likelihood without one)");
    assertThatThrownBy(() -> grader("{\"name\": \"exact\", \"case\": 1}"))
        .hasMessage("here: metric exact: unknown setting case; it has none");
    assertThatThrownBy(() -> grader("{\"name\": \"regex\"}")).hasMessageContaining("pattern");
    assertThatThrownBy(() -> grader("{\"name\": \"regex\", \"pattern\": \"(\"}"))
        .isInstanceOf(BadInput.class);
    assertThatThrownBy(() -> grader("{\"name\": \"numeric\", \"tolerance\": -1}"))
        .hasMessageContaining("tolerance must be a number >= 0");
    assertThatThrownBy(() -> grader("[]")).hasMessageContaining("an object with a name");
  }
}
