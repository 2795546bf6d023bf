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
                  List.of("I need the {} for {}.", "Could you look up the {} belonging to {}?"))),
          Map.entry(
              Clause.COUNT,
              new Wording(
                  List.of(
                      "How many airports{} are there?",
                      "Count the airports{}.",
                      "What is the number of airports{}?"),
                  List.of(
                      "Tell me how large the set of airports{} is.",
                      "If you counted all airports{}, what would you get?"))),
          Map.entry(
              Clause.AVERAGE,
              new Wording(
                  List.of(
                      "What is the average elevation of airports{}?",
                      "Give the mean elevation of airports{}.",
                      "How high are airports{} on average?"),
                  List.of(
                      "Taking airports{} together, what elevation do they average?",
                      "I want the mean height over all airports{}."))),
          Map.entry(
              Clause.MAXIMUM,
              new Wording(
                  List.of(
                      "What is the maximum elevation of airports{}?",
                      "Give the greatest elevation among airports{}."),
                  List.of("What is the elevation's upper limit for airports{}?"))),
          Map.entry(
              Clause.MINIMUM,
              new Wording(
                  List.of(
                      "What is the minimum elevation of airports{}?",
                      "Give the smallest elevation among airports{}."),
                  List.of("What is the elevation's lower limit for airports{}?"))),
          Map.entry(
              Clause.DISTINCT_COUNT,
              new Wording(
                  List.of(
                      "How many different {} have airports{}?",
                      "In how many {} are there airports{}?"),
                  List.of("Over how many distinct {} do airports{} spread?"))),
          Map.entry(
              Clause.DISTINCT_LIST,
              new Wording(
                  List.of("Which {} have airports{}?", "List the {} that have airports{}."),
                  List.of("Name all {} where one finds airports{}."))),
          Map.entry(
              Clause.GROUP_COUNT,
              new Wording(
                  List.of(
                      "How many airports{} does each {} have?",
                      "Count the airports{} per {}.",
                      "Give the number of airports{} for each {}."),
                  List.of("Break down the count of airports{} by {}."))),
          Map.entry(
              Clause.GROUP_AVERAGE,
              new Wording(
                  List.of(
                      "What is the average elevation of airports{} in each {}?",
                      "Give the mean elevation of airports{} per {}."),
                  List.of("Break down the mean height of airports{} by {}."))),
          Map.entry(
              Clause.GROUP_HAVING,
              new Wording(
                  List.of("Which {} have {} airports{}?", "List the {} with {} airports{}."),
                  List.of("Name all {} that can boast {} airports{}."))),
          Map.entry(
              Clause.GROUP_TOP,
              new Wording(
                  List.of(
                      "Which {} the most airports{}?",
                      "Find which {} the largest number of airports{}."),
                  List.of("Say which {} a lead over the rest in airports{}."))),

          // in which order; the words before "airports"
          Map.entry(
              Clause.HIGHEST,
              new Wording(List.of("highest", "most elevated"), List.of("highest-lying"))),
          Map.entry(
              Clause.LOWEST,
              new Wording(List.of("lowest", "least elevated"), List.of("lowest-lying"))),
          Map.entry(
              Clause.NORTHERNMOST,
              new Wording(List.of("northernmost", "most northern"), List.of("farthest-north"))),
          Map.entry(
              Clause.SOUTHERNMOST,
              new Wording(List.of("southernmost", "most southern"), List.of("farthest-south"))),
          Map.entry(
              Clause.EASTERNMOST,
              new Wording(List.of("easternmost", "most eastern"), List.of("farthest-east"))),
          Map.entry(
              Clause.WESTERNMOST,
              new Wording(List.of("westernmost", "most western"), List.of("farthest-west"))),
          Map.entry(
              Clause.ALPHABETICAL,
              new Wording(
                  List.of("in alphabetical order", "sorted by name"),
                  List.of("arranged from A to Z by name"))),
          Map.entry(
              Clause.ASCENDING,
              new Wording(
                  List.of("from lowest to highest", "sorted by increasing elevation"),
                  List.of("starting with the lowest and going up"))),
          Map.entry(
              Clause.DESCENDING,
              new Wording(
                  List.of("from highest to lowest", "sorted by decreasing elevation"),
                  List.of("starting with the highest and going down"))),

          // conditions; the words after "airports"
          Map.entry(
              Clause.COUNTRY,
              new Wording(
                  List.of("in {}", "located in {}", "that lie in {}"),
                  List.of("situated within {}", "on the territory of {}"))),
          Map.entry(
              Clause.COUNTRIES,
              new Wording(
                  List.of("in {} or {}", "in either {} or {}", "located in {} or {}"),
                  List.of("situated within {} or {}"))),
          Map.entry(
              Clause.OUTSIDE,
              new Wording(List.of("outside {}", "not in {}"), List.of("anywhere but in {}"))),
          Map.entry(
              Clause.REGION,
              new Wording(
                  List.of("in the region of {}", "in the region {}", "in {} (region)"),
                  List.of("within the province called {}"))),
          Map.entry(
              Clause.CITY,
              new Wording(
                  List.of("in the city of {}", "serving the city of {}"),
                  List.of("that belong to the town {}"))),
          Map.entry(
              Clause.ZONE,
              new Wording(
                  List.of("in the time zone {}", "on {} time"), List.of("whose clocks follow {}"))),
          Map.entry(
              Clause.ABOVE,
              new Wording(
                  List.of("above {} feet", "higher than {} feet", "at more than {} feet"),
                  List.of("with an elevation exceeding {} ft"))),
          Map.entry(
              Clause.BELOW,
              new Wording(
                  List.of("below {} feet", "lower than {} feet", "at less than {} feet"),
                  List.of("with an elevation under {} ft"))),
          Map.entry(
              Clause.BETWEEN,
              new Wording(
                  List.of("between {} and {} feet", "at {} to {} feet"),
                  List.of("with an elevation in the range {}-{} ft"))),
          Map.entry(
              Clause.CONTAINS,
              new Wording(
                  List.of("whose name contains '{}'", "with '{}' in the name"),
                  List.of("that have '{}' somewhere in what they are called"))),
          Map.entry(
              Clause.STARTS,
              new Wording(
                  List.of("whose name starts with '{}'", "with a name beginning with '{}'"),
                  List.of("whose first letters are '{}'"))),
          Map.entry(
              Clause.NORTH,
              new Wording(
                  List.of("north of latitude {}", "at latitudes above {}"),
                  List.of("farther north than {} degrees"))),
          Map.entry(
              Clause.SOUTH,
              new Wording(
                  List.of("south of latitude {}", "at latitudes below {}"),
                  List.of("farther south than {} degrees"))),
          Map.entry(
              Clause.EAST,
              new Wording(
                  List.of("east of longitude {}", "at longitudes above {}"),
                  List.of("farther east than {} degrees"))),
          Map.entry(
              Clause.WEST,
              new Wording(
                  List.of("west of longitude {}", "at longitudes below {}"),
                  List.of("farther west than {} degrees"))),
          Map.entry(
              Clause.CODED,
              new Wording(
                  List.of("with an IATA code", "that have an IATA code"),
                  List.of("to which IATA has given a code"))),
          Map.entry(
              Clause.UNCODED,
              new Wording(
                  List.of("without an IATA code", "that have no IATA code"),
                  List.of("that IATA has given no code"))),

          // how conditions are joined; "either" after another condition, where "or" would be
          // ambiguous
          Map.entry(
              Clause.AND,
              new Wording(
                  List.of("{} and {}", "{} {}", "{} and also {}"),
                  List.of("{} and at the same time {}"))),
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
