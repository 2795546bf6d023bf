package dev.palimpsest.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AxisTest {
  @ParameterizedTest
  @CsvSource({"-3.2,41", "0,0.0007", "5,5", "-120,-119", "0,1e6"})
  void covering_anyRange_holdsItBetweenRoundTicks(double low, double high) {
    Axis axis = Axis.covering(List.of(low, high), 10, 200);

    assertThat(axis.at(low)).isBetween(9.999, 200.001);
    assertThat(axis.at(high)).isBetween(9.999, 200.001);
    assertThat(axis.ticks()).hasSizeBetween(3, 9);
    assertThat(axis.ticks().stream().map(axis::label)).doesNotHaveDuplicates();
  }

  @Test
  void at_limits_areTheEnds() {
    Axis axis = Axis.covering(List.of(-10.0, 40.0), 300, 20);

    assertThat(axis.at(-10)).isEqualTo(300);
    assertThat(axis.at(40)).isEqualTo(20);
    assertThat(axis.ticks()).containsExactly(-10.0, 0.0, 10.0, 20.0, 30.0, 40.0);
  }
}
