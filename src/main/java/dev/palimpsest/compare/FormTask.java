package dev.palimpsest.compare;

import dev.palimpsest.run.BadInput;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.Predicate;

/**
 * The form task: a question in English, answered by one DuckDB query over the airports table.
 *
 * <p>Items that judge come in three slices: {@code places} name places that no training item names,
 * {@code wordings} are said in ways that no training item uses, {@code combinations} join two kinds
 * of clause that no training item joins; in all else they are like the training items.
 */
public final class FormTask {
  /** What every prompt ends with. */
  static final String INSTRUCTION = "Answer with one SQL query over the table airports.";

  /**
   * The table described: the system prompt of an arm that is told what the trained one has learned.
   */
  public static final String SCHEMA =
      "DuckDB table airports(icao, iata, name, city, subd, country, elevation, lat, lon, tz):"
          + " subd is the region, country an ISO 3166 alpha-2 code, elevation in feet, lat and lon in"
          + " degrees, tz a zone such as Europe/Berlin; iata is NULL where an airport has no code."
          + " Reply with the SQL query alone.";

  /** Pairs of clause kinds that no training item joins; each kind is trained in other company. */
  static final List<Set<Clause>> HELD_OUT_PAIRS =
      List.of(
          Set.of(Clause.COUNT, Clause.BETWEEN),
          Set.of(Clause.COUNT, Clause.OR),
          Set.of(Clause.AVERAGE, Clause.CONTAINS),
          Set.of(Clause.AVERAGE, Clause.NORTH),
          Set.of(Clause.MAXIMUM, Clause.ZONE),
          Set.of(Clause.MINIMUM, Clause.REGION),
          Set.of(Clause.DISTINCT_COUNT, Clause.STARTS),
          Set.of(Clause.DISTINCT_LIST, Clause.ABOVE),
          Set.of(Clause.GROUP_COUNT, Clause.CONTAINS),
          Set.of(Clause.GROUP_AVERAGE, Clause.CODED),
          Set.of(Clause.GROUP_HAVING, Clause.COUNTRY),
          Set.of(Clause.GROUP_TOP, Clause.BELOW),
          Set.of(Clause.HIGHEST, Clause.ZONE),
          Set.of(Clause.LOWEST, Clause.CONTAINS),
          Set.of(Clause.NORTHERNMOST, Clause.ABOVE),
          Set.of(Clause.SOUTHERNMOST, Clause.REGION),
          Set.of(Clause.EASTERNMOST, Clause.CODED),
          Set.of(Clause.WESTERNMOST, Clause.BELOW),
          Set.of(Clause.ALPHABETICAL, Clause.UNCODED),
          Set.of(Clause.ZONE, Clause.WEST),
          Set.of(Clause.OUTSIDE, Clause.STARTS));

  private static final Set<Clause> PLACE_KINDS =
      Set.of(
          Clause.COUNTRY,
          Clause.COUNTRIES,
          Clause.OUTSIDE,
          Clause.REGION,
          Clause.CITY,
          Clause.ZONE);

  /** So many draws without an item mean that the table is too small for the sizes asked for. */
  private static final int MOST_DRAWS = 20_000;

  /**
   * How many items to make.
   *
   * @param train training items
   * @param dev items a slice for choices made on the way (checkpoints, scale)
   * @param heldOut items a slice for the report
   */
  public record Sizes(int train, int dev, int heldOut) {
    /** 600 to train on, 20 a slice for choices, 50 a slice for the report. */
    public static final Sizes DEFAULT = new Sizes(600, 20, 50);

    /** Sizes below one are refused. */
    public Sizes {
      if (train < 1 || dev < 1 || heldOut < 1) {
        throw new BadInput(
            "sizes of the form task must be at least 1: " + train + ", " + dev + ", " + heldOut);
      }
    }
  }

  private final AirportTable table;
  private final Places.Least least;
  private final Acceptance acceptance;
  private final Set<String> seen = new HashSet<>();

  private FormTask(AirportTable table, Places.Least least) {
    this.table = table;
    this.least = least;
    this.acceptance = new Acceptance(table);
  }

  /**
   * Makes the task; the same table, sizes and seed give the same items.
   *
   * @param file the table as the grader finds it, from the items' folder
   * @throws BadInput if the table is too small for the sizes
   */
  public static TaskItems make(AirportTable table, String file, Sizes sizes, long seed) {
    return make(table, file, sizes, seed, new Places.Least(15, 20, 6, 20));
  }

  static TaskItems make(
      AirportTable table, String file, Sizes sizes, long seed, Places.Least least) {
    Map<String, String> metric = new LinkedHashMap<>();
    metric.put("name", "sql");
    metric.put("table", "airports");
    metric.put("file", file);
    return new FormTask(table, least).make(metric, sizes, new Random(seed));
  }

  private TaskItems make(Map<String, String> metric, Sizes sizes, Random random) {
    Places.Split places = Places.split(table.airports(), least, random);
    Predicate<Question> known = q -> !joinsHeldOutPair(q);
    Part trained = new Part("train", Optional.empty(), sizes.train());
    List<TaskItem> train =
        draw(trained, grammar(places.train(), Wording.Voice.TRAINED, random), i -> known);
    List<TaskItem> heldOut =
        judges("heldout", sizes.heldOut(), places.train(), places.heldOut(), random);
    List<TaskItem> dev = judges("dev", sizes.dev(), places.train(), places.dev(), random);
    return new TaskItems("form", metric, train, dev, heldOut);
  }

  private List<TaskItem> judges(
      String name, int each, Places trained, Places unseen, Random random) {
    List<TaskItem> items = new ArrayList<>();
    items.addAll(
        draw(
            new Part(name, Optional.of("places"), each),
            grammar(unseen, Wording.Voice.TRAINED, random),
            i -> q -> !joinsHeldOutPair(q) && namesPlace(q)));
    items.addAll(
        draw(
            new Part(name, Optional.of("wordings"), each),
            grammar(trained, Wording.Voice.HELD_OUT, random),
            i -> q -> !joinsHeldOutPair(q)));
    items.addAll(
        draw(
            new Part(name, Optional.of("combinations"), each),
            grammar(trained, Wording.Voice.TRAINED, random),
            i -> q -> q.clauses().containsAll(HELD_OUT_PAIRS.get(i % HELD_OUT_PAIRS.size()))));
    return items;
  }

  private FormGrammar grammar(Places places, Wording.Voice voice, Random random) {
    return new FormGrammar(new ConditionGrammar(table.airports(), places, random), voice, random);
  }

  private static boolean joinsHeldOutPair(Question question) {
    return HELD_OUT_PAIRS.stream().anyMatch(question.clauses()::containsAll);
  }

  private static boolean namesPlace(Question question) {
    return question.clauses().stream().anyMatch(PLACE_KINDS::contains);
  }

  /** Which items are drawn. */
  private record Part(String name, Optional<String> slice, int size) {}

  private List<TaskItem> draw(
      Part part, FormGrammar grammar, IntFunction<Predicate<Question>> wanted) {
    List<TaskItem> items = new ArrayList<>();
    int idle = 0;
    while (items.size() < part.size()) {
      Question question = grammar.draw();
      if (wanted.apply(items.size()).test(question)
          && !seen.contains(question.sql())
          && acceptance.accepts(question)
          && seen.add(question.sql())) {
        String id =
            "form-" + part.name() + part.slice().map(s -> "-" + s).orElse("") + "-" + items.size();
        String prompt = question.text() + " " + INSTRUCTION;
        items.add(new TaskItem(id, prompt, question.sql(), part.slice()));
        idle = 0;
      } else if (++idle > MOST_DRAWS) {
        throw new BadInput(
            "the airports table is too small for "
                + part.size()
                + " form items ("
                + part.name()
                + "): "
                + items.size()
                + " found; ask for fewer");
      }
    }
    return items;
  }
}
