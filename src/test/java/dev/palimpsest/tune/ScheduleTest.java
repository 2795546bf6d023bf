package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Shares by the formulas of transformers' get_scheduler. */
class ScheduleTest {
  @ParameterizedTest
  @CsvSource({
    "LINEAR, 0, 0, 10, 1",
    "LINEAR, 3, 0, 10, 0.7",
    "LINEAR, 9, 0, 10, 0.1",
    "LINEAR, 0, 4, 10, 0",
    "LINEAR, 1, 4, 10, 0.25",
    "LINEAR, 4, 4, 10, 1",
    "LINEAR, 7, 4, 10, 0.5",
    "COSINE, 0, 0, 10, 1",
    "COSINE, 5, 0, 10, 0.5",
    "COSINE, 6, 2, 14, 0.75",
    "COSINE, 1, 2, 14, 0.5",
    "CONSTANT, 0, 0, 10, 1",
    "CONSTANT, 9, 0, 10, 1",
    "CONSTANT, 1, 4, 10, 0.25",
    "CONSTANT, 0, 0, 1, 1"
  })
  void share_ofAStep_isTheFormulas(
      Schedule schedule, long step, long warmup, long total, double share) {
    assertThat(schedule.share(step, warmup, total)).isCloseTo(share, within(1e-12));
  }
}
