package dev.palimpsest.compare;

import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.run.Problems;
import dev.palimpsest.run.Yaml;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** Reads the plan of a sequence, YAML or JSON, and tells all that is wrong with it at once. */
public final class SequenceReader {
  private static final Set<String> KEYS =
      Set.of("model", "mode", "tune", "tasks", "retention", "orders", "seeds", "max-tokens");
  private static final Set<String> TASK_KEYS = Set.of("gain", "tune");

  /** What the sequence says itself. */
  private static final Set<String> OF_SEQUENCE =
      Set.of("from", "over", "orthogonal-to", "orthogonal-by");

  private static final String MODES =
      Arrays.stream(SequencePlan.Mode.values())
          .map(mode -> mode.name().toLowerCase(Locale.ROOT))
          .collect(Collectors.joining(", "));

  /** Of the penalty, which the first stage has not. */
  static final String WEIGHT = "orthogonal-weight";

  /** What one adapter has once. */
  static final Set<String> FORM =
      Set.of("method", "rank", "alpha", "targets", "rank-pattern", "alpha-pattern");

  private final Path file;
  private final Problems problems = new Problems();
  private final PlanFields fields = new PlanFields(problems);

  private SequenceReader(Path file) {
    this.file = file;
  }

  /**
   * Reads a plan. Paths in it are told from where the program runs, as on its command line.
   *
   * @throws dev.palimpsest.run.BadInput naming every key that is not as it should be
   */
  public static SequencePlan read(Path file) {
    return new SequenceReader(file).plan();
  }

  private SequencePlan plan() {
    JsonNode document = Yaml.read(file, "keys, such as model: smollm2");
    fields.known("", document, KEYS);
    SequencePlan.Mode mode = mode(document);
    Map<String, String> shared = options("tune.", document.path("tune"));
    List<SequencePlan.Task> tasks = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : document.path("tasks").properties()) {
      tasks.add(task(entry.getKey(), entry.getValue(), mode, shared));
    }
    if (tasks.size() < 2) {
      problems.add("tasks: give at least two, such as form: {gain: FILE, tune: {data: FILE}}");
    }
    List<String> names = tasks.stream().map(SequencePlan.Task::name).toList();
    List<String> retention = PlanFields.texts(document, "retention");
    SequencePlan plan =
        new SequencePlan(
            fields.required(document, "model"),
            mode,
            tasks,
            retention.stream()
                .filter(name -> !name.equals(PlanReader.BUILT_IN))
                .map(Path::of)
                .toList(),
            retention.contains(PlanReader.BUILT_IN),
            orders(document, names),
            fields.seeds(document),
            fields.positive("", document, "max-tokens", LedgerJob.MAX_TOKENS));
    problems.throwIfAny(file.toString());
    return plan;
  }

  private SequencePlan.Mode mode(JsonNode document) {
    String word = PlanFields.text(document, "mode").orElse("same");
    for (SequencePlan.Mode mode : SequencePlan.Mode.values()) {
      if (mode.name().toLowerCase(Locale.ROOT).equals(word)) {
        return mode;
      }
    }
    problems.add("mode: " + word + " is unknown; known are " + MODES);
    return SequencePlan.Mode.SAME;
  }

  private SequencePlan.Task task(
      String name, JsonNode node, SequencePlan.Mode mode, Map<String, String> shared) {
    String where = "tasks." + name + ".";
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9_-]*")) {
      problems.add("tasks." + name + ": a name has letters, digits, '-' and '_'");
    }
    fields.known(where, node, TASK_KEYS);
    if (PlanFields.text(node, "gain").isEmpty()) {
      problems.add(where + "gain is missing: a probe of the task");
    }
    Map<String, String> own = options(where + "tune.", node.path("tune"));
    for (String key : new TreeSet<>(own.keySet())) {
      if (mode == SequencePlan.Mode.SAME && FORM.contains(key)) {
        problems.add(
            where + "tune." + key + ": one adapter goes through all tasks: say it in tune");
      }
    }
    Map<String, String> options = new LinkedHashMap<>(shared);
    options.putAll(own);
    if (!options.containsKey("data")) {
      problems.add(where + "tune.data is missing");
    }
    String weight = options.getOrDefault(WEIGHT, "1");
    if (mode != SequencePlan.Mode.ORTHOGONAL && options.containsKey(WEIGHT)) {
      problems.add(where + "tune." + WEIGHT + ": is of mode orthogonal alone");
    } else if (!isAboveZero(weight)) {
      problems.add(where + "tune." + WEIGHT + ": give a number above 0, not " + weight);
    }
    return new SequencePlan.Task(name, Path.of(PlanFields.text(node, "gain").orElse("")), options);
  }

  private static boolean isAboveZero(String text) {
    try {
      double value = Double.parseDouble(text);
      return value > 0 && Double.isFinite(value);
    } catch (NumberFormatException e) {
      return false;
    }
  }

  private Map<String, String> options(String where, JsonNode node) {
    Map<String, String> options = fields.options(where, node);
    options.keySet().stream()
        .filter(OF_SEQUENCE::contains)
        .forEach(key -> problems.add(where + key + ": each stage has it by the mode"));
    return options;
  }

  private List<List<String>> orders(JsonNode document, List<String> names) {
    JsonNode value = document.path("orders");
    if (value.isMissingNode()) {
      return List.of(names);
    }
    List<List<String>> orders =
        value
            .valueStream()
            .map(order -> order.valueStream().map(name -> name.asString("")).toList())
            .toList();
    boolean whole =
        orders.stream()
            .allMatch(
                order ->
                    order.size() == names.size()
                        && new HashSet<>(order).equals(new HashSet<>(names)));
    if (orders.isEmpty() || !whole || new HashSet<>(orders).size() != orders.size()) {
      problems.add("orders: give lists of all the tasks, each list once, such as [" + names + "]");
    }
    return orders;
  }
}
