package dev.palimpsest.compare;

import java.util.List;

/**
 * One condition on airports.
 *
 * @param kind what it tests
 * @param values the words that fill the kind's wording
 * @param sql the test
 */
record Condition(Clause kind, List<String> values, String sql) {
  Condition {
    values = List.copyOf(values);
  }
}
