package dev.palimpsest.compare;

import static dev.palimpsest.compare.AirportTable.quoted;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

/** Draws the conditions of a question: at most one place, and properties of an airport there. */
final class ConditionGrammar {
  /** Kinds of which one question has at most one. */
  private static final List<Set<Clause>> FAMILIES =
      List.of(
          EnumSet.of(Clause.ABOVE, Clause.BELOW, Clause.BETWEEN),
          EnumSet.of(Clause.CONTAINS, Clause.STARTS),
          EnumSet.of(Clause.NORTH, Clause.SOUTH),
          EnumSet.of(Clause.EAST, Clause.WEST),
          EnumSet.of(Clause.CODED, Clause.UNCODED));

  /** A kind of place stands here as often as it is drawn. */
  private static final List<Clause> PLACES =
      List.of(
          Clause.COUNTRY,
          Clause.COUNTRY,
          Clause.COUNTRY,
          Clause.COUNTRY,
          Clause.COUNTRIES,
          Clause.OUTSIDE,
          Clause.REGION,
          Clause.REGION,
          Clause.CITY,
          Clause.ZONE);

  /** A condition, and an airport for which it holds. */
  private record Place(Condition condition, Airport anchor) {}

  private final List<Airport> airports;
  private final Map<String, List<Airport>> byCountry;
  private final Map<String, List<Airport>> byRegion;
  private final Map<String, List<Airport>> byCity;
  private final Map<String, List<Airport>> byZone;
  private final Places places;
  private final Random random;

  ConditionGrammar(List<Airport> airports, Places places, Random random) {
    this.airports = airports;
    this.byCountry = airports.stream().collect(Collectors.groupingBy(Airport::country));
    this.byRegion = airports.stream().collect(Collectors.groupingBy(Airport::subd));
    this.byCity = airports.stream().collect(Collectors.groupingBy(Airport::city));
    this.byZone = airports.stream().collect(Collectors.groupingBy(Airport::tz));
    this.places = places;
    this.random = random;
  }

  /** As many conditions as asked for. */
  Filter draw(int count) {
    List<Condition> conditions = new ArrayList<>();
    Airport anchor = pick(airports);
    if (count > 0 && random.nextInt(100) < 80) {
      Place place = place(pick(PLACES));
      conditions.add(place.condition());
      anchor = place.anchor();
    }
    List<Set<Clause>> families = new ArrayList<>(FAMILIES);
    Collections.shuffle(families, random);
    while (conditions.size() < count) {
      conditions.add(property(pick(List.copyOf(families.removeLast())), anchor));
    }
    if (random.nextInt(100) < 30) {
      Collections.shuffle(conditions, random);
    }
    boolean severalCountries = conditions.stream().anyMatch(c -> c.kind() == Clause.COUNTRIES);
    boolean alternatives = count > 1 && !severalCountries && random.nextInt(100) < 25;
    return new Filter(conditions, alternatives ? Clause.OR : Clause.AND);
  }

  private Place place(Clause kind) {
    return switch (kind) {
      case COUNTRY, COUNTRIES, OUTSIDE -> country(kind, pick(places.countries()));
      case REGION -> named(kind, "subd", pick(places.regions()), byRegion);
      case CITY -> named(kind, "city", pick(places.cities()), byCity);
      case ZONE -> named(kind, "tz", pick(places.zones()), byZone);
      default -> throw new IllegalArgumentException(kind + " is no kind of place");
    };
  }

  private Place named(
      Clause kind, String column, String value, Map<String, List<Airport>> airportsOf) {
    Condition condition = condition(kind, column + " = " + quoted(value), value);
    return new Place(condition, pick(airportsOf.getOrDefault(value, airports)));
  }

  private Place country(Clause kind, Places.Country country) {
    String code = quoted(country.code());
    Airport anchor = pick(byCountry.getOrDefault(country.code(), airports));
    if (kind == Clause.COUNTRY) {
      return new Place(condition(kind, "country = " + code, country.name()), anchor);
    }
    if (kind == Clause.OUTSIDE) {
      return new Place(condition(kind, "country <> " + code, country.name()), pick(airports));
    }
    Places.Country other =
        pick(places.countries().stream().filter(c -> !c.equals(country)).toList());
    String in = "country IN (" + code + ", " + quoted(other.code()) + ")";
    return new Place(condition(kind, in, country.name(), other.name()), anchor);
  }

  /** A property that the anchor has, so that conditions rarely exclude each other. */
  private Condition property(Clause kind, Airport anchor) {
    int step = anchor.elevation() < 500 ? 50 : anchor.elevation() < 2000 ? 100 : 500;
    int under = Math.floorDiv(anchor.elevation() - 1, step) * step;
    String low = Integer.toString(Math.max(step, under - random.nextInt(3) * step));
    String high = Integer.toString(Math.max(2 * step, under + (1 + random.nextInt(3)) * step));
    String south = Integer.toString((int) Math.floor(anchor.lat()));
    String north = Integer.toString((int) Math.ceil(anchor.lat()));
    String west = Integer.toString((int) Math.floor(anchor.lon()));
    String east = Integer.toString((int) Math.ceil(anchor.lon()));
    return switch (kind) {
      case ABOVE -> condition(kind, "elevation > " + low, low);
      case BELOW -> condition(kind, "elevation < " + high, high);
      case BETWEEN -> condition(kind, "elevation BETWEEN " + low + " AND " + high, low, high);
      case NORTH -> condition(kind, "lat > " + south, south);
      case SOUTH -> condition(kind, "lat < " + north, north);
      case EAST -> condition(kind, "lon > " + west, west);
      case WEST -> condition(kind, "lon < " + east, east);
      case CODED -> condition(kind, "iata IS NOT NULL");
      case UNCODED -> condition(kind, "iata IS NULL");
      case CONTAINS -> {
        String word = pick(words(anchor.name()));
        yield condition(kind, "name LIKE " + quoted("%" + word + "%"), word);
      }
      case STARTS -> {
        String word = words(anchor.name()).getFirst();
        String start = random.nextBoolean() ? word : word.substring(0, 1).toUpperCase(Locale.ROOT);
        yield condition(kind, "name LIKE " + quoted(start + "%"), start);
      }
      default -> throw new IllegalArgumentException(kind + " is no property");
    };
  }

  /** The name's plain words; a name without any gives one that many names have. */
  private static List<String> words(String name) {
    List<String> words = new ArrayList<>();
    for (String word : name.split("[^A-Za-z]+", -1)) {
      if (word.length() > 3 && !word.equals("Airport")) {
        words.add(word);
      }
    }
    return words.isEmpty() ? List.of("Field") : words;
  }

  private static Condition condition(Clause kind, String sql, String... values) {
    return new Condition(kind, List.of(values), sql);
  }

  private <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }
}
