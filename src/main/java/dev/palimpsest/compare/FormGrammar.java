package dev.palimpsest.compare;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** Draws questions over the airports table: what is asked, of which airports, in which order. */
final class FormGrammar {
  /** What is asked, as often as it is drawn. */
  private static final List<Map.Entry<Clause, Integer>> ASKED =
      List.of(
          Map.entry(Clause.LIST, 34),
          Map.entry(Clause.COUNT, 12),
          Map.entry(Clause.AVERAGE, 7),
          Map.entry(Clause.MAXIMUM, 5),
          Map.entry(Clause.MINIMUM, 5),
          Map.entry(Clause.DISTINCT_COUNT, 6),
          Map.entry(Clause.DISTINCT_LIST, 6),
          Map.entry(Clause.GROUP_COUNT, 8),
          Map.entry(Clause.GROUP_AVERAGE, 5),
          Map.entry(Clause.GROUP_HAVING, 6),
          Map.entry(Clause.GROUP_TOP, 6));

  private static final List<String> NUMBERS =
      List.of("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten");

  /** Columns and what they are called, one and several. */
  private record Columns(String sql, String one, String several) {}

  private static final List<Columns> LISTED =
      List.of(
          new Columns("name", "name", "names"),
          new Columns("name", "name", "names"),
          new Columns("icao", "ICAO code", "ICAO codes"),
          new Columns("name, icao", "name and ICAO code", "names and ICAO codes"),
          new Columns("name, city", "name and city", "names and cities"),
          new Columns("name, elevation", "name and elevation", "names and elevations"),
          new Columns("city, country", "city and country", "cities and countries"));

  private static final List<Columns> KEYS =
      List.of(
          new Columns("country", "country", "countries"),
          new Columns("subd", "region", "regions"),
          new Columns("city", "city", "cities"),
          new Columns("tz", "time zone", "time zones"));

  /** An order by a key, which may be followed by DESC. */
  private record Order(Clause clause, String key) {}

  private static final List<Order> SUPERLATIVES =
      List.of(
          new Order(Clause.HIGHEST, "elevation DESC"),
          new Order(Clause.LOWEST, "elevation"),
          new Order(Clause.NORTHERNMOST, "lat DESC"),
          new Order(Clause.SOUTHERNMOST, "lat"),
          new Order(Clause.EASTERNMOST, "lon DESC"),
          new Order(Clause.WESTERNMOST, "lon"));

  private static final List<Order> SORTED =
      List.of(
          new Order(Clause.ALPHABETICAL, "name"),
          new Order(Clause.ASCENDING, "elevation"),
          new Order(Clause.DESCENDING, "elevation DESC"));

  /** A comparison of counts in words and in SQL. */
  private record Comparison(String words, String sql) {}

  private static final List<Comparison> COMPARISONS =
      List.of(
          new Comparison("more than", ">"),
          new Comparison("at least", ">="),
          new Comparison("fewer than", "<"));

  private final ConditionGrammar conditions;
  private final Wording.Voice voice;
  private final Random random;

  FormGrammar(ConditionGrammar conditions, Wording.Voice voice, Random random) {
    this.conditions = conditions;
    this.voice = voice;
    this.random = random;
  }

  /** Any question; whether it has a good answer is for {@link Acceptance} to say. */
  Question draw() {
    Clause asked = asked();
    return switch (asked) {
      case COUNT -> aggregate(asked, "count(*)");
      case AVERAGE -> aggregate(asked, "avg(elevation)");
      case MAXIMUM -> aggregate(asked, "max(elevation)");
      case MINIMUM -> aggregate(asked, "min(elevation)");
      case DISTINCT_COUNT, DISTINCT_LIST -> distinct(asked);
      case GROUP_COUNT -> grouped(asked, "count(*)");
      case GROUP_AVERAGE -> grouped(asked, "avg(elevation)");
      case GROUP_HAVING -> having();
      case GROUP_TOP -> most();
      default -> list();
    };
  }

  private Clause asked() {
    int at = random.nextInt(ASKED.stream().mapToInt(Map.Entry::getValue).sum());
    for (Map.Entry<Clause, Integer> entry : ASKED) {
      at -= entry.getValue();
      if (at < 0) {
        return entry.getKey();
      }
    }
    throw new AssertionError("weights sum to what was drawn below");
  }

  private Question list() {
    Columns columns = pick(LISTED);
    Filter filter = conditions.draw(1 + pick(List.of(0, 0, 0, 0, 1, 1, 1, 1, 2)));
    int form = random.nextInt(10);
    if (form == 0) {
      String text = say(Clause.LIST, columns.several(), "all airports" + phrase(filter));
      return new Draft(Set.of(Clause.LIST), "SELECT " + columns.sql(), filter, "").plain(text);
    }
    return form < 3 ? sorted(columns, filter) : superlative(columns, filter, form < 6);
  }

  private Question sorted(Columns columns, Filter filter) {
    Order order = pick(SORTED);
    String key = order.key();
    String text =
        say(
            Clause.LIST,
            columns.several(),
            "all airports" + phrase(filter) + ", " + say(order.clause()));
    String tail = " ORDER BY " + key;
    return new Draft(Set.of(Clause.LIST, order.clause()), "SELECT " + columns.sql(), filter, tail)
        .ordered(text, keys(key, filter, ""), List.of(), 2);
  }

  private Question superlative(Columns columns, Filter filter, boolean single) {
    Order order = pick(SUPERLATIVES);
    String key = order.key();
    int limit = single ? 1 : 2 + random.nextInt(9);
    String who =
        single
            ? "the " + say(order.clause()) + " airport"
            : "the " + number(limit) + " " + say(order.clause()) + " airports";
    String text =
        say(Clause.LIST, single ? columns.one() : columns.several(), who + phrase(filter));
    String tail = " ORDER BY " + key;
    Draft draft =
        new Draft(
            Set.of(Clause.LIST, order.clause()),
            "SELECT " + columns.sql(),
            filter,
            tail + " LIMIT " + limit);
    return draft.ordered(
        text, keys(key, filter, " LIMIT " + (limit + 1)), List.of(draft.with(tail)), limit);
  }

  private static String keys(String key, Filter filter, String limit) {
    String column = key.replace(" DESC", "");
    return "SELECT " + column + " FROM airports" + filter.sql() + " ORDER BY " + key + limit;
  }

  private Question aggregate(Clause asked, String function) {
    Filter filter = conditions.draw(1 + pick(List.of(0, 0, 0, 1, 1, 1, 2)));
    String text = say(asked, phrase(filter));
    return new Draft(Set.of(asked), "SELECT " + function, filter, "").plain(text);
  }

  private Question distinct(Clause asked) {
    Columns key = pick(KEYS);
    Filter filter = conditions.draw(1 + random.nextInt(2));
    boolean counts = asked == Clause.DISTINCT_COUNT;
    String head =
        "SELECT " + (counts ? "count(DISTINCT " + key.sql() + ")" : "DISTINCT " + key.sql());
    String text = say(asked, key.several(), phrase(filter));
    return new Draft(Set.of(asked), head, filter, "").rows(text, counts ? 1 : 2);
  }

  private Question grouped(Clause asked, String function) {
    Columns key = pick(KEYS);
    Filter filter = conditions.draw(1 + pick(List.of(0, 0, 1)));
    String text = say(asked, phrase(filter), key.one());
    Draft draft =
        new Draft(
            Set.of(asked),
            "SELECT " + key.sql() + ", " + function,
            filter,
            " GROUP BY " + key.sql());
    return draft.rows(text, 2);
  }

  private Question having() {
    Columns key = pick(KEYS);
    Filter filter = conditions.draw(pick(List.of(0, 1, 1, 2)));
    Comparison comparison = pick(COMPARISONS);
    int bound = pick(List.of(2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100));
    String text =
        say(Clause.GROUP_HAVING, key.several(), comparison.words() + " " + bound, phrase(filter));
    String tail = " GROUP BY " + key.sql();
    Draft draft =
        new Draft(
            Set.of(Clause.GROUP_HAVING),
            "SELECT " + key.sql(),
            filter,
            tail + " HAVING count(*) " + comparison.sql() + " " + bound);
    return draft.also(text, List.of(draft.with(tail)));
  }

  private Question most() {
    Columns key = pick(KEYS);
    Filter filter = conditions.draw(pick(List.of(0, 1, 1, 1, 2)));
    int limit = random.nextBoolean() ? 1 : 2 + random.nextInt(4);
    String which = limit == 1 ? key.one() + " has" : number(limit) + " " + key.several() + " have";
    String text = say(Clause.GROUP_TOP, which, phrase(filter));
    String tail = " GROUP BY " + key.sql() + " ORDER BY count(*) DESC";
    Draft draft =
        new Draft(
            Set.of(Clause.GROUP_TOP), "SELECT " + key.sql(), filter, tail + " LIMIT " + limit);
    String keys = "SELECT count(*) FROM airports" + filter.sql() + tail + " LIMIT " + (limit + 1);
    return draft.ordered(text, keys, List.of(draft.with(tail)), limit);
  }

  /** The filter in words, with a space before them. */
  private String phrase(Filter filter) {
    List<String> said = new ArrayList<>();
    for (Condition condition : filter.conditions()) {
      said.add(say(condition.kind(), condition.values().toArray(String[]::new)));
    }
    if (filter.join() == Clause.OR) {
      String last = said.removeLast();
      Clause or = said.size() > 1 ? Clause.EITHER : Clause.OR;
      said.add(say(or, said.removeLast(), last));
    }
    return said.stream().reduce((a, b) -> say(Clause.AND, a, b)).map(p -> " " + p).orElse("");
  }

  /** What is asked is said in the grammar's voice, all else in it half of the time. */
  private String say(Clause clause, String... values) {
    boolean frame = clause.compareTo(Clause.GROUP_TOP) <= 0;
    Wording.Voice said = frame || random.nextBoolean() ? voice : Wording.Voice.TRAINED;
    return Wordings.of(clause).say(said, random, values);
  }

  private String number(int n) {
    return random.nextBoolean() ? NUMBERS.get(n - 1) : Integer.toString(n);
  }

  private <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  /** A query in its pieces. */
  private record Draft(Set<Clause> clauses, String head, Filter filter, String tail) {
    String sql(Filter some, String end) {
      return head + " FROM airports" + some.sql() + end;
    }

    String with(String end) {
      return sql(filter, end);
    }

    Question plain(String text) {
      return question(text, List.of(), Optional.empty(), 1);
    }

    Question rows(String text, int least) {
      return question(text, List.of(), Optional.empty(), least);
    }

    Question also(String text, List<String> weaker) {
      return question(text, weaker, Optional.empty(), 1);
    }

    Question ordered(String text, String keys, List<String> weaker, int least) {
      return question(text, weaker, Optional.of(keys), least);
    }

    private Question question(String text, List<String> weaker, Optional<String> order, int least) {
      Set<Clause> all = EnumSet.copyOf(clauses);
      List<String> without = new ArrayList<>(weaker);
      for (int i = 0; i < filter.conditions().size(); i++) {
        all.add(filter.conditions().get(i).kind());
        without.add(sql(filter.without(i), tail));
      }
      if (filter.join() == Clause.OR) {
        all.add(Clause.OR);
      }
      return new Question(text, with(tail), all, without, order, least);
    }
  }
}
