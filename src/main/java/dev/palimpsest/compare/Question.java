package dev.palimpsest.compare;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A drawn question with its query and what tells whether it is a good one.
 *
 * @param text in English
 * @param sql one query, in the one style that all items are written in
 * @param clauses the kinds of clause it is made of
 * @param weaker the query with one clause left out, for each clause that can be
 * @param order where the answer hangs on an order: a query of the keys, which must all differ
 * @param leastRows with fewer the question has no point
 */
record Question(
    String text,
    String sql,
    Set<Clause> clauses,
    List<String> weaker,
    Optional<String> order,
    int leastRows) {
  Question {
    clauses = Set.copyOf(clauses);
    weaker = List.copyOf(weaker);
  }
}
