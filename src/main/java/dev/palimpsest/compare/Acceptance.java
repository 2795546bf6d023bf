package dev.palimpsest.compare;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Whether a drawn question is a fair one: its query gives an answer that is neither empty nor long
 * nor a matter of ties, and every clause counts, since leaving it out changes the answer.
 */
final class Acceptance {
  private static final int MOST_ROWS = 200;

  /** A count of none or one is what many a wrong query gives, too. */
  private static final Set<List<String>> TRIVIAL = Set.of(List.of("0"), List.of("1"));

  private final AirportTable table;

  Acceptance(AirportTable table) {
    this.table = table;
  }

  boolean accepts(Question question) {
    List<List<String>> rows = table.query(question.sql());
    return rows.size() >= question.leastRows()
        && rows.size() <= MOST_ROWS
        && rows.stream().noneMatch(row -> row.contains("") || TRIVIAL.contains(row))
        && question.order().map(this::differ).orElse(true)
        && question.weaker().stream().noneMatch(sql -> same(rows, table.query(sql)));
  }

  private boolean differ(String keys) {
    List<List<String>> all = table.query(keys);
    return new HashSet<>(all).size() == all.size();
  }

  /** Whether two answers hold the same rows, in whatever order. */
  private static boolean same(List<List<String>> one, List<List<String>> two) {
    return one.size() == two.size() && sorted(one).equals(sorted(two));
  }

  private static List<String> sorted(List<List<String>> rows) {
    return rows.stream().map(row -> String.join("\t", row)).sorted().toList();
  }
}
