package dev.palimpsest.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Conditions joined: all must hold; where the last two are alternatives, one of them must.
 *
 * @param conditions in the order in which they are said and written
 * @param join {@link Clause#AND}, or {@link Clause#OR} between the last two
 */
record Filter(List<Condition> conditions, Clause join) {
  Filter {
    conditions = List.copyOf(conditions);
    if (join == Clause.OR && conditions.size() < 2) {
      throw new IllegalArgumentException("an alternative needs two conditions");
    }
  }

  /** The WHERE clause with a space before it, or nothing. */
  String sql() {
    if (conditions.isEmpty()) {
      return "";
    }
    List<String> tests = new ArrayList<>(conditions.stream().map(Condition::sql).toList());
    if (join == Clause.OR) {
      String last = tests.removeLast();
      String either = tests.removeLast() + " OR " + last;
      tests.add(tests.isEmpty() ? either : "(" + either + ")");
    }
    return tests.stream().collect(Collectors.joining(" AND ", " WHERE ", ""));
  }

  /** The filter without one of its conditions; an alternative that loses a side is the other. */
  Filter without(int index) {
    List<Condition> rest = new ArrayList<>(conditions);
    rest.remove(index);
    boolean ofThePair = index >= conditions.size() - 2;
    return new Filter(rest, join == Clause.OR && ofThePair ? Clause.AND : join);
  }
}
