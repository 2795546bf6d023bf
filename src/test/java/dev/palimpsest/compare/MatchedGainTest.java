package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.compare.MatchedGain.Point;
import java.util.List;
import org.junit.jupiter.api.Test;

class MatchedGainTest {
  @Test
  void lossAt_betweenRuns_liesOnTheLineBetweenThem() {
    MatchedGain runs = new MatchedGain(List.of(new Point(0.4, 0.2), new Point(0.8, 0.6)));

    assertThat(runs.most()).isEqualTo(0.8);
    assertThat(runs.lossAt(0.2).getAsDouble()).isCloseTo(0.1, within(1e-12));
    assertThat(runs.lossAt(0.4).getAsDouble()).isCloseTo(0.2, within(1e-12));
    assertThat(runs.lossAt(0.6).getAsDouble()).isCloseTo(0.4, within(1e-12));
  }

  @Test
  void lossAt_beyondTheMost_isUnknown() {
    MatchedGain runs = new MatchedGain(List.of(new Point(0.4, 0.2)));

    assertThat(runs.lossAt(0.41)).isEmpty();
  }

  @Test
  void lossAt_aRunThatAnotherBeats_isLeftOut() {
    MatchedGain runs =
        new MatchedGain(List.of(new Point(0.4, 0.9), new Point(0.8, 0.6), new Point(-0.1, 0.05)));

    assertThat(runs.lossAt(0.4).getAsDouble()).isCloseTo(0.3, within(1e-12));
  }

  @Test
  void most_whereNothingWasGained_isTheBases() {
    assertThat(new MatchedGain(List.of(new Point(-0.2, 0.5))).most()).isZero();
  }
}
