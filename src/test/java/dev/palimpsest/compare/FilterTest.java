package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class FilterTest {
  private static final Condition A = new Condition(Clause.ABOVE, List.of("1"), "a > 1");
  private static final Condition B = new Condition(Clause.CODED, List.of(), "b IS NOT NULL");
  private static final Condition C = new Condition(Clause.NORTH, List.of("3"), "c > 3");

  @Test
  void sql_alternatives_areThoseOfTheLastTwo() {
    assertThat(new Filter(List.of(), Clause.AND).sql()).isEmpty();
    assertThat(new Filter(List.of(A, B), Clause.AND).sql())
        .isEqualTo(" WHERE a > 1 AND b IS NOT NULL");
    assertThat(new Filter(List.of(A, B), Clause.OR).sql())
        .isEqualTo(" WHERE a > 1 OR b IS NOT NULL");
    assertThat(new Filter(List.of(A, B, C), Clause.OR).sql())
        .isEqualTo(" WHERE a > 1 AND (b IS NOT NULL OR c > 3)");
  }

  @Test
  void without_sideOfAnAlternative_leavesTheOther() {
    Filter filter = new Filter(List.of(A, B, C), Clause.OR);
    assertThat(filter.without(0).sql()).isEqualTo(" WHERE b IS NOT NULL OR c > 3");
    assertThat(filter.without(1).sql()).isEqualTo(" WHERE a > 1 AND c > 3");
    assertThat(filter.without(2).sql()).isEqualTo(" WHERE a > 1 AND b IS NOT NULL");
  }

  @Test
  void alternative_ofOneCondition_isRefused() {
    assertThatThrownBy(() -> new Filter(List.of(A), Clause.OR))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
