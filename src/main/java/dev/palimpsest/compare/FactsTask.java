package dev.palimpsest.compare;

import dev.palimpsest.run.BadInput;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The facts task: in which city is the airport with a given IATA code. Facts that are trained, in
 * several wordings, are asked in others; facts that are never trained are the control.
 */
public final class FactsTask {
  /** Ways of asking that training items use; the slot is the code. */
  static final List<String> TRAINED =
      List.of(
          "Which city has the airport with the IATA code {}?",
          "The airport code {} belongs to which city?",
          "Name the city of airport {}.",
          "{} is the airport of which city?",
          "In what city would you land with a ticket to {}?",
          "What city does the code {} on a luggage tag stand for?");

  /** Ways of asking that choices may look at. */
  static final List<String> DEV = List.of("A plane is bound for {}. Which city is that?");

  /** Ways of asking that are reported. */
  static final List<String> HELD_OUT =
      List.of(
          "My flight goes to {}. What is the name of the city there?",
          "Tell me where {} airport is; just the city.");

  /** The codes of airports in large cities, or spelled like the city, are guessed, not learned. */
  private static final Pattern PLAIN = Pattern.compile("[A-Z][a-z]{3,}( [A-Z][a-z]+)?");

  /**
   * How many facts to use.
   *
   * @param trained facts trained, each in six wordings
   * @param control facts never trained, reported
   * @param dev facts never trained, for choices made on the way
   */
  public record Sizes(int trained, int control, int dev) {
    /** 60 trained, 60 as the control, 20 for choices. */
    public static final Sizes DEFAULT = new Sizes(60, 60, 20);

    /** Sizes below one are refused. */
    public Sizes {
      if (trained < 1 || control < 1 || dev < 1) {
        throw new BadInput(
            "sizes of the facts task must be at least 1: " + trained + ", " + control + ", " + dev);
      }
    }
  }

  private FactsTask() {}

  /**
   * Makes the task; the same table, sizes and seed give the same items.
   *
   * @throws BadInput if the table has too few airports that fit
   */
  public static TaskItems make(AirportTable table, Sizes sizes, long seed) {
    Random random = new Random(seed);
    List<Airport> facts = new ArrayList<>(suitable(table.airports()));
    int needed = sizes.trained() + sizes.control() + sizes.dev();
    if (facts.size() < needed) {
      throw new BadInput(
          "the airports table has " + facts.size() + " facts that fit, the sizes need " + needed);
    }
    Collections.shuffle(facts, random);
    List<Airport> trained = facts.subList(0, sizes.trained());
    List<Airport> control = facts.subList(sizes.trained(), sizes.trained() + sizes.control());
    List<Airport> spare = facts.subList(sizes.trained() + sizes.control(), needed);

    List<TaskItem> train = new ArrayList<>(items("train", trained, TRAINED, Optional.empty()));
    Collections.shuffle(train, random);
    List<TaskItem> dev = new ArrayList<>(items("dev", trained, DEV, Optional.of("trained")));
    dev.addAll(items("dev", spare, DEV, Optional.of("untrained")));
    List<TaskItem> heldOut =
        new ArrayList<>(items("heldout", trained, HELD_OUT, Optional.of("trained")));
    heldOut.addAll(items("heldout", control, HELD_OUT, Optional.of("untrained")));
    return new TaskItems("facts", Map.of(), train, dev, heldOut);
  }

  private static List<TaskItem> items(
      String part, List<Airport> facts, List<String> wordings, Optional<String> slice) {
    List<TaskItem> items = new ArrayList<>();
    for (Airport fact : facts) {
      for (int w = 0; w < wordings.size(); w++) {
        String id = "facts-" + part + "-" + fact.iata() + "-" + w;
        items.add(new TaskItem(id, wordings.get(w).replace("{}", fact.iata()), fact.city(), slice));
      }
    }
    return items;
  }

  /** Airports whose code names one city with a plain name, and does not give it away. */
  private static List<Airport> suitable(List<Airport> airports) {
    Map<String, Integer> cities = counts(airports, Airport::city);
    Map<String, Integer> codes = counts(airports, Airport::iata);
    Set<String> names = new HashSet<>();
    List<Airport> fit = new ArrayList<>();
    for (Airport airport : airports) {
      String city = airport.city();
      if (airport.iata().length() == 3
          && codes.getOrDefault(airport.iata(), 0) == 1
          && cities.getOrDefault(city, 0) == 1
          && PLAIN.matcher(city).matches()
          && !airport.name().contains("International")
          && !spells(city, airport.iata())
          && names.add(city.toLowerCase(Locale.ROOT))) {
        fit.add(airport);
      }
    }
    return fit;
  }

  /** Whether a code's letters stand in the city's name in their order. */
  private static boolean spells(String city, String code) {
    String letters = city.toUpperCase(Locale.ROOT);
    int at = 0;
    for (int i = 0; i < code.length(); i++) {
      at = letters.indexOf(code.charAt(i), at) + 1;
      if (at == 0) {
        return false;
      }
    }
    return true;
  }

  private static Map<String, Integer> counts(
      List<Airport> airports, Function<Airport, String> column) {
    Map<String, Integer> counts = new HashMap<>();
    for (Airport airport : airports) {
      counts.merge(column.apply(airport), 1, Integer::sum);
    }
    return counts;
  }
}
