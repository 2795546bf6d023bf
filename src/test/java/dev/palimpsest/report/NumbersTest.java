package dev.palimpsest.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NumbersTest {
  @Test
  void points_haveTheirSign_butZeroHasNone() {
    assertThat(Numbers.points(0.123)).isEqualTo("+12.3");
    assertThat(Numbers.points(-0.0449)).isEqualTo("\u22124.5");
    assertThat(Numbers.points(-0.0001)).isEqualTo("0.0");
    assertThat(Numbers.points(0.0001)).isEqualTo("0.0");
  }

  @Test
  void p_thatIsTiny_isBounded() {
    assertThat(Numbers.p(0.00001)).isEqualTo("<\u00a00.0001");
    assertThat(Numbers.p(0.0312)).isEqualTo("0.0312");
  }

  @Test
  void duration_isInTheUnitsThatFit() {
    assertThat(Numbers.duration(4.21)).isEqualTo("4.2 s");
    assertThat(Numbers.duration(185)).isEqualTo("3 min 05 s");
    assertThat(Numbers.duration(3720)).isEqualTo("1 h 02 min");
  }
}
