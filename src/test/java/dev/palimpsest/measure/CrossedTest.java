package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Against reference/crossed.py. */
class CrossedTest {
  private static double[][] table(JsonNode rows) {
    return StreamSupport.stream(rows.spliterator(), false)
        .map(
            row ->
                StreamSupport.stream(row.spliterator(), false)
                    .mapToDouble(JsonNode::asDouble)
                    .toArray())
        .toArray(double[][]::new);
  }

  @Test
  void of_tables_agreesWithTheReference() {
    JsonNode cases = Reference.json("crossed").get("cases");
    assertThat(cases.size()).isEqualTo(8);
    for (JsonNode each : cases) {
      Crossed found = Crossed.of(table(each.get("amounts")), table(each.get("sizes")));
      double value = each.get("value").asDouble();
      double half = each.get("half").asDouble();
      assertThat(found.value()).isCloseTo(value, within(1e-12));
      assertThat(found.half()).isCloseTo(half, within(1e-9));
    }
  }

  @Test
  void of_oneSeed_isTheRatioOverUnits() {
    double[] amounts = {1, 4, 2};
    double[] sizes = {2, 3, 4};

    Interval ratio = Ratio.of(amounts, sizes).interval().orElseThrow();
    Interval crossed =
        Crossed.of(new double[][] {amounts}, new double[][] {sizes}).interval().orElseThrow();

    assertThat(crossed.low()).isCloseTo(ratio.low(), within(1e-12));
    assertThat(crossed.high()).isCloseTo(ratio.high(), within(1e-12));
  }

  @Test
  void of_oneUnit_hasNoInterval() {
    Crossed found = Crossed.of(new double[][] {{1}, {2}}, new double[][] {{4}, {4}});

    assertThat(found.value()).isEqualTo(0.375);
    assertThat(found.interval()).isEmpty();
    assertThat(found.positiveInterval()).isEmpty();
  }

  @Test
  void divergence_seedsThatDiffer_widenWhatTextsLeaveNarrow() {
    Divergence one = along(1.0, 1.1, 0.9);
    Divergence same = along(1.0, 1.1, 0.9);
    Divergence other = along(2.0, 2.2, 1.8);

    Interval alike = Crossed.divergence(List.of(one, same)).positiveInterval().orElseThrow();
    Interval apart = Crossed.divergence(List.of(one, other)).positiveInterval().orElseThrow();

    assertThat(alike.high() / alike.low()).isLessThan(2);
    assertThat(apart.high() / apart.low()).isGreaterThan(10);
    assertThat(apart.low()).isPositive();
    Crossed half = Crossed.divergenceAgainst(List.of(one, one), List.of(other, other));
    assertThat(half.value()).isCloseTo(0.5, within(1e-12));
    assertThat(half.half()).isCloseTo(0, within(1e-12));
    assertThat(Crossed.bits(List.of(one, other)).orElseThrow().value())
        .isCloseTo(0.5, within(1e-12));
  }

  private static Divergence along(double... kl) {
    return Divergence.of(
        "texts",
        Arrays.stream(kl).mapToObj(k -> new Divergence.Text(k, 10, 20, 22, 4, 9)).toList());
  }
}
