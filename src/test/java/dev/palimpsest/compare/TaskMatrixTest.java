package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.run.Json;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Against reference/sequence.py. */
class TaskMatrixTest {
  private static List<Double> doubles(JsonNode row) {
    return row.valueStream().map(JsonNode::asDouble).toList();
  }

  @Test
  void summary_ofAnyMatrix_isTheReferences() {
    JsonNode reference =
        Json.mapper()
            .readTree(
                Objects.requireNonNull(
                    TaskMatrixTest.class.getResourceAsStream("/reference/sequence.json")));
    assertThat(reference.get("matrices").size()).isEqualTo(4);
    for (JsonNode each : reference.get("matrices")) {
      TaskMatrix matrix =
          new TaskMatrix(
              doubles(each.get("base")),
              each.get("rates").valueStream().map(TaskMatrixTest::doubles).toList());

      assertThat(matrix.accuracy()).isCloseTo(each.get("accuracy").asDouble(), within(1e-12));
      assertSame(matrix.backwardTransfer(), each.path("backward"));
      assertSame(matrix.forwardTransfer(), each.path("forward"));
      assertSame(matrix.forgetting(), each.path("forgetting"));
    }
  }

  private static void assertSame(OptionalDouble found, JsonNode expected) {
    assertThat(found.isPresent()).isEqualTo(expected.isNumber());
    found.ifPresent(value -> assertThat(value).isCloseTo(expected.asDouble(), within(1e-12)));
  }

  @Test
  void of_aMatrixThatIsNotSquare_isRefused() {
    assertThatThrownBy(() -> new TaskMatrix(List.of(0.0, 0.0), List.of(List.of(1.0, 0.0))))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
