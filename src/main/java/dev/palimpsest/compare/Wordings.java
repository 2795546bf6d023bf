package dev.palimpsest.compare;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/** How each kind of clause is said. */
final class Wordings {
  private static final Map<Clause, Wording> ALL =
      Map.ofEntries(
          // what is asked
          Map.entry(
              Clause.LIST,
              new Wording(
                  List.of(
                      "List the {} of {}.",
                      "Tell me the {} of {}.",
                      "Give me the {} of {}.",
                      "Show the {} of {}."),
                  List.of("I need the {} of {}.", "Can you look up the {} of {}?"))),
          Map.entry(
              Clause.COUNT,
              new Wording(
                  List.of(
                      "How many airports{} are there?",
                      "Count the airports{}.",
                      "What is the number of airports{}?"),
                  List.of(
                      "What is the total number of airports{}?",
                      "How many airports{} can you find?"))),
          Map.entry(
              Clause.AVERAGE,
              new Wording(
                  List.of(
                      "What is the average elevation of airports{}?",
                      "Give the mean elevation of airports{}.",
                      "How high are airports{} on average?"),
                  List.of(
                      "Compute the average elevation over airports{}.",
                      "What elevation do airports{} have on average?"))),
          Map.entry(
              Clause.MAXIMUM,
              new Wording(
                  List.of(
                      "What is the maximum elevation of airports{}?",
                      "Give the greatest elevation among airports{}."),
                  List.of("What is the largest elevation of any of the airports{}?"))),
          Map.entry(
              Clause.MINIMUM,
              new Wording(
                  List.of(
                      "What is the minimum elevation of airports{}?",
                      "Give the smallest elevation among airports{}."),
                  List.of("What is the lowest elevation of any of the airports{}?"))),
          Map.entry(
              Clause.DISTINCT_COUNT,
              new Wording(
                  List.of(
                      "How many different {} have airports{}?",
                      "In how many {} are there airports{}?"),
                  List.of("What is the number of different {} that have airports{}?"))),
          Map.entry(
              Clause.DISTINCT_LIST,
              new Wording(
                  List.of("Which {} have airports{}?", "List the {} that have airports{}."),
                  List.of("Show the {} where there are airports{}."))),
          Map.entry(
              Clause.GROUP_COUNT,
              new Wording(
                  List.of(
                      "How many airports{} does each {} have?",
                      "Count the airports{} per {}.",
                      "Give the number of airports{} for each {}."),
                  List.of("Show the number of airports{}, grouped by {}."))),
          Map.entry(
              Clause.GROUP_AVERAGE,
              new Wording(
                  List.of(
                      "What is the average elevation of airports{} in each {}?",
                      "Give the mean elevation of airports{} per {}."),
                  List.of("Show the average elevation of airports{}, grouped by {}."))),
          Map.entry(
              Clause.GROUP_HAVING,
              new Wording(
                  List.of("Which {} have {} airports{}?", "List the {} with {} airports{}."),
                  List.of("In which {} are there {} airports{}?"))),
          Map.entry(
              Clause.GROUP_TOP,
              new Wording(
                  List.of(
                      "Which {} the most airports{}?",
                      "Find which {} the largest number of airports{}."),
                  List.of("Tell me which {} the highest number of airports{}."))),
          // in which order; superlatives stand before "airports", the others at the end
          Map.entry(
              Clause.HIGHEST,
              new Wording(List.of("highest", "most elevated"), List.of("highest-lying"))),
          Map.entry(
              Clause.LOWEST,
              new Wording(List.of("lowest", "least elevated"), List.of("lowest-lying"))),
          Map.entry(
              Clause.NORTHERNMOST, new Wording(List.of("northernmost"), List.of("most northern"))),
          Map.entry(
              Clause.SOUTHERNMOST, new Wording(List.of("southernmost"), List.of("most southern"))),
          Map.entry(
              Clause.EASTERNMOST, new Wording(List.of("easternmost"), List.of("most eastern"))),
          Map.entry(
              Clause.WESTERNMOST, new Wording(List.of("westernmost"), List.of("most western"))),
          Map.entry(
              Clause.ALPHABETICAL,
              new Wording(
                  List.of("in alphabetical order", "sorted by name"),
                  List.of("ordered by their names"))),
          Map.entry(
              Clause.ASCENDING,
              new Wording(
                  List.of("from lowest to highest", "sorted by increasing elevation"),
                  List.of("starting with the lowest"))),
          Map.entry(
              Clause.DESCENDING,
              new Wording(
                  List.of("from highest to lowest", "sorted by decreasing elevation"),
                  List.of("starting with the highest"))),
          // conditions; they stand after "airports"
          Map.entry(
              Clause.COUNTRY,
              new Wording(
                  List.of("in {}", "located in {}", "that lie in {}"),
                  List.of("situated in {}", "within {}"))),
          Map.entry(
              Clause.COUNTRIES,
              new Wording(
                  List.of("in {} or {}", "in either {} or {}", "located in {} or {}"),
                  List.of("situated in {} or {}"))),
          Map.entry(
              Clause.OUTSIDE,
              new Wording(List.of("outside {}", "not in {}"), List.of("anywhere but in {}"))),
          Map.entry(
              Clause.REGION,
              new Wording(
                  List.of("in the region of {}", "in the region {}", "in {} (region)"),
                  List.of("within the region {}"))),
          Map.entry(
              Clause.CITY,
              new Wording(
                  List.of("in the city of {}", "serving the city of {}"),
                  List.of("near the city {}"))),
          Map.entry(
              Clause.ZONE,
              new Wording(
                  List.of("in the time zone {}", "on {} time"),
                  List.of("that use the time zone {}"))),
          Map.entry(
              Clause.ABOVE,
              new Wording(
                  List.of("above {} feet", "higher than {} feet", "at more than {} feet"),
                  List.of("with an elevation over {} feet"))),
          Map.entry(
              Clause.BELOW,
              new Wording(
                  List.of("below {} feet", "lower than {} feet", "at less than {} feet"),
                  List.of("with an elevation under {} feet"))),
          Map.entry(
              Clause.BETWEEN,
              new Wording(
                  List.of("between {} and {} feet"),
                  List.of("with an elevation from {} to {} feet"))),
          Map.entry(
              Clause.CONTAINS,
              new Wording(
                  List.of("whose name contains '{}'", "with '{}' in the name"),
                  List.of("whose name has '{}' in it"))),
          Map.entry(
              Clause.STARTS,
              new Wording(
                  List.of("whose name starts with '{}'", "with a name beginning with '{}'"),
                  List.of("whose name begins with '{}'"))),
          Map.entry(
              Clause.NORTH,
              new Wording(List.of("north of latitude {}"), List.of("at latitudes above {}"))),
          Map.entry(
              Clause.SOUTH,
              new Wording(List.of("south of latitude {}"), List.of("at latitudes below {}"))),
          Map.entry(
              Clause.EAST,
              new Wording(List.of("east of longitude {}"), List.of("at longitudes above {}"))),
          Map.entry(
              Clause.WEST,
              new Wording(List.of("west of longitude {}"), List.of("at longitudes below {}"))),
          Map.entry(
              Clause.CODED,
              new Wording(
                  List.of("with an IATA code", "that have an IATA code"),
                  List.of("having an IATA code"))),
          Map.entry(
              Clause.UNCODED,
              new Wording(
                  List.of("without an IATA code", "that have no IATA code"),
                  List.of("lacking an IATA code"))),
          // how conditions are joined
          Map.entry(
              Clause.AND,
              new Wording(
                  List.of("{} and {}", "{} {}", "{} and also {}"), List.of("{} but also {}"))),
          Map.entry(
              Clause.OR,
              new Wording(List.of("{} or {}", "either {} or {}"), List.of("{} or else {}"))),
          Map.entry(
              Clause.EITHER, new Wording(List.of("either {} or {}"), List.of("whether {} or {}"))));

  private Wordings() {}

  static Wording of(Clause clause) {
    return Objects.requireNonNull(ALL.get(clause), clause + " has no wording");
  }
}
