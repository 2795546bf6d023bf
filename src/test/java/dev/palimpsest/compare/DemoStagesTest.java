package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.compare.DemoStages.Stage;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class DemoStagesTest {
  private final AtomicLong clock = new AtomicLong(5_000_000_000L);
  private final DemoStages stages = new DemoStages(clock::get);

  private String spend(long seconds) {
    clock.addAndGet(seconds * 1_000_000_000L);
    return "done";
  }

  @Test
  void time_aStageInPieces_addsThemUp() {
    assertThat(stages.time(Stage.BASE, () -> spend(3))).isEqualTo("done");
    stages.time(Stage.TRAINING, () -> spend(10));
    stages.time(Stage.BASE, () -> spend(4));

    assertThat(stages.costs())
        .containsExactly(
            new DemoResult.Cost(Stage.BASE, 7), new DemoResult.Cost(Stage.TRAINING, 10));
    assertThat(stages.seconds()).isEqualTo(17);
  }

  @Test
  void time_workThatFails_isBookedAllTheSame() {
    assertThatThrownBy(
            () ->
                stages.time(
                    Stage.LOAD,
                    () -> {
                      spend(2);
                      throw new IllegalStateException("no network");
                    }))
        .hasMessage("no network");

    assertThat(stages.costs()).containsExactly(new DemoResult.Cost(Stage.LOAD, 2));
  }
}
