package dev.palimpsest.compare;

import dev.palimpsest.run.BadInput;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The places that questions may name.
 *
 * @param countries ISO codes and the names as said
 */
record Places(
    List<Country> countries, List<String> regions, List<String> cities, List<String> zones) {
  private static final Pattern PLAIN = Pattern.compile("[A-Z][a-z]+( [A-Z][a-z]+){0,2}");

  /** A country's code, and its name with the article it is said with. */
  record Country(String code, String name) {}

  /** How many airports a place of each kind has at least. */
  record Least(int country, int region, int city, int zone) {}

  /** Places that share none: for training, for choices, for the report. */
  record Split(Places train, Places dev, Places heldOut) {}

  Places {
    countries = List.copyOf(countries);
    regions = List.copyOf(regions);
    cities = List.copyOf(cities);
    zones = List.copyOf(zones);
    if (countries.size() < 2 || regions.isEmpty() || cities.isEmpty() || zones.isEmpty()) {
      throw new BadInput(
          "the airports table has too few places for three parts: a part would have "
              + countries.size()
              + " countries, "
              + regions.size()
              + " regions, "
              + cities.size()
              + " cities, "
              + zones.size()
              + " time zones");
    }
  }

  /** Three fifths of the places of each kind for training, a fifth for each of the others. */
  static Split split(List<Airport> airports, Least least, Random random) {
    Set<String> frequent = new HashSet<>(values(airports, Airport::country, least.country()));
    List<Country> countries =
        new ArrayList<>(named().stream().filter(c -> frequent.contains(c.code())).toList());
    List<String> regions = plain(values(airports, Airport::subd, least.region()));
    Set<String> anyRegion = new HashSet<>(values(airports, Airport::subd, 1));
    List<String> cities = plain(values(airports, Airport::city, least.city()));
    cities.removeIf(anyRegion::contains);
    List<String> zones = new ArrayList<>(values(airports, Airport::tz, least.zone()));
    Collections.shuffle(countries, random);
    Collections.shuffle(regions, random);
    Collections.shuffle(cities, random);
    Collections.shuffle(zones, random);
    Places all = new Places(countries, regions, cities, zones);
    return new Split(all.fifths(0, 3), all.fifths(3, 4), all.fifths(4, 5));
  }

  private Places fifths(int from, int to) {
    return new Places(
        fifths(countries, from, to),
        fifths(regions, from, to),
        fifths(cities, from, to),
        fifths(zones, from, to));
  }

  private static <T> List<T> fifths(List<T> all, int from, int to) {
    return all.subList(all.size() * from / 5, all.size() * to / 5);
  }

  private static List<String> values(
      List<Airport> airports, Function<Airport, String> column, int least) {
    Map<String, Long> counts =
        airports.stream()
            .map(column)
            .filter(v -> !v.isEmpty())
            .collect(Collectors.groupingBy(v -> v, TreeMap::new, Collectors.counting()));
    return counts.entrySet().stream()
        .filter(e -> e.getValue() >= least)
        .map(Map.Entry::getKey)
        .toList();
  }

  private static List<String> plain(List<String> names) {
    return new ArrayList<>(names.stream().filter(n -> PLAIN.matcher(n).matches()).toList());
  }

  private static List<Country> named() {
    try (InputStream in =
        Objects.requireNonNull(
            Places.class.getResourceAsStream("countries.csv"), "countries.csv is in the jar")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line -> new Country(line.substring(0, 2), line.substring(3)))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
