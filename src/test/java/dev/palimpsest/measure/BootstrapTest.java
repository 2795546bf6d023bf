package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.run.Json;
import dev.palimpsest.run.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Against NumPy's draws (reference/sequence.py), up to chance. */
class BootstrapTest {
  private static final JsonNode REFERENCE =
      Json.mapper()
          .readTree(
              Objects.requireNonNull(
                  BootstrapTest.class.getResourceAsStream("/reference/sequence.json")))
          .get("bootstrap");

  private static List<Bootstrap.Part> parts() {
    List<Bootstrap.Part> parts = new ArrayList<>();
    for (JsonNode part : REFERENCE.get("parts")) {
      parts.add(
          new Bootstrap.Part(
              part.get("values").valueStream().map(JsonNode::asDouble).toList(),
              part.get("documents").valueStream().map(JsonNode::asString).toList()));
    }
    return parts;
  }

  @Test
  void interval_ofItemsAndOfDocuments_isNumPys() {
    Interval found = Bootstrap.interval(parts(), new Seeds(0));

    assertThat(Bootstrap.value(parts()))
        .isCloseTo(REFERENCE.get("value").asDouble(), within(1e-12));
    assertThat(found.low()).isCloseTo(REFERENCE.get("low").asDouble(), within(0.008));
    assertThat(found.high()).isCloseTo(REFERENCE.get("high").asDouble(), within(0.008));
    assertThat(found.method()).isEqualTo(Interval.Method.BOOTSTRAP);
  }

  @Test
  void interval_again_isTheSame() {
    assertThat(Bootstrap.interval(parts(), new Seeds(3)))
        .isEqualTo(Bootstrap.interval(parts(), new Seeds(3)))
        .isNotEqualTo(Bootstrap.interval(parts(), new Seeds(4)));
  }
}
