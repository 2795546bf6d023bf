package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class TrajectoryTest {
  @Test
  void events_areThoseOfTheDefinition() {
    JsonNode cases = Reference.json("forgetting").get("cases");

    assertThat(cases.size()).isGreaterThan(30);
    for (JsonNode each : cases) {
      Trajectory sample = right(Reference.ints(each.get("right")));
      String shown = each.toString();
      assertThat(sample.forgettingEvents())
          .as(shown)
          .isEqualTo(each.get("forgetting_events").asInt());
      assertThat(sample.learningEvents()).as(shown).isEqualTo(each.get("learning_events").asInt());
      assertThat(sample.firstRight())
          .as(shown)
          .isEqualTo(
              each.get("first_right").isNull()
                  ? OptionalInt.empty()
                  : OptionalInt.of(each.get("first_right").asInt()));
      assertThat(sample.unforgettable()).as(shown).isEqualTo(each.get("unforgettable").asBoolean());
      assertThat(sample.kind().name().toLowerCase(Locale.ROOT))
          .as(shown)
          .isEqualTo(each.get("class").asString());
    }
  }

  @Test
  void right_isEveryLabelTheLikeliest() {
    Trajectory sample =
        new Trajectory("a", 3, List.of(new Trajectory.At(1, 2), new Trajectory.At(0.1, 3)));

    assertThat(sample.right(0)).isFalse();
    assertThat(sample.right(1)).isTrue();
  }

  @Test
  void rose_isHigherLossThanUnderTheBase_andWrong() {
    assertThat(losses(1.0, 0.5, 1.5, 0).rose()).isTrue();
    assertThat(losses(1.0, 2.5, 0.9, 0).rose()).isFalse();
    assertThat(losses(1.0, 0.5, 1.5, 1).rose()).isFalse();
    assertThat(losses(1.0, 0.5, 1.0, 0).rose()).isFalse();
  }

  @Test
  void sample_inOneState_isRefused() {
    assertThatThrownBy(() -> new Trajectory("a", 1, List.of(new Trajectory.At(1, 0))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("sample a: 1 labels in 1 states");
  }

  @Test
  void trajectories_weighLossByLabels_andCountEveryKind() {
    Trajectory shorter =
        new Trajectory("a", 1, List.of(new Trajectory.At(4, 0), new Trajectory.At(0, 1)));
    Trajectory longer =
        new Trajectory("b", 3, List.of(new Trajectory.At(2, 1), new Trajectory.At(3, 2)));
    SampleTrajectories found =
        new SampleTrajectories(
            "m", "d", List.of(RunState.BASE, RunState.end(5)), List.of(), List.of(shorter, longer));

    assertThat(found.loss(0)).isEqualTo(2.5);
    assertThat(found.topShare(1)).isEqualTo(0.75);
    assertThat(found.right(1)).isEqualTo(1);
    assertThat(found.kinds())
        .isEqualTo(
            Map.of(
                Trajectory.Kind.KNOWN, 0,
                Trajectory.Kind.LEARNED, 1,
                Trajectory.Kind.FORGOTTEN, 0,
                Trajectory.Kind.LOST, 0,
                Trajectory.Kind.NEVER, 1));
    assertThat(found.rose()).containsExactly(longer);
    assertThat(found.hardest(1)).containsExactly(longer);
    assertThat(losses(9, 1, 2, 0).meanLoss()).isEqualTo(1.5);
  }

  private static Trajectory right(int... right) {
    List<Trajectory.At> states = new ArrayList<>();
    Arrays.stream(right).forEach(each -> states.add(new Trajectory.At(1 - each, each)));
    return new Trajectory("a", 1, states);
  }

  private static Trajectory losses(double before, double between, double after, int top) {
    return new Trajectory(
        "a",
        1,
        List.of(
            new Trajectory.At(before, 0),
            new Trajectory.At(between, 1),
            new Trajectory.At(after, top)));
  }
}
