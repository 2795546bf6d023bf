package dev.palimpsest.compare;

import dev.palimpsest.run.Problems;
import dev.palimpsest.run.Yaml;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/** Reads a plan, YAML or JSON, and tells all that is wrong with it at once. */
public final class PlanReader {
  private static final int SHOTS = 4;
  private static final String BUILT_IN = "built-in";
  private static final Set<String> KEYS =
      Set.of(
          "model",
          "gain",
          "retention",
          "seeds",
          "reference",
          "max-tokens",
          "texts",
          "timed",
          "price-per-hour",
          "arms");
  private static final Set<String> ARM_KEYS =
      Set.of("system", "examples", "shots", "adapter", "tune");

  private final Path file;
  private final Problems problems = new Problems();

  private PlanReader(Path file) {
    this.file = file;
  }

  /**
   * Reads a plan. Paths in it are told from where the program runs, as on its command line.
   *
   * @throws dev.palimpsest.run.BadInput naming every key that is not as it should be
   */
  public static Plan read(Path file) {
    return new PlanReader(file).plan();
  }

  private Plan plan() {
    JsonNode document = Yaml.read(file, "keys, such as model: smollm2");
    known("", document, KEYS);
    List<Plan.Arm> arms = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : document.path("arms").properties()) {
      arms.add(arm(entry.getKey(), entry.getValue()));
    }
    if (arms.isEmpty()) {
      problems.add("arms: give at least one, such as base: {}");
    }
    List<String> retention = texts(document, "retention");
    Plan plan =
        new Plan(
            required(document, "model"),
            texts(document, "gain").stream().map(Path::of).toList(),
            retention.stream().filter(name -> !name.equals(BUILT_IN)).map(Path::of).toList(),
            retention.contains(BUILT_IN),
            seeds(document),
            document.path("reference").asString(arms.isEmpty() ? "" : arms.getFirst().name()),
            sizes(document),
            price(document),
            arms);
    check(plan);
    problems.throwIfAny(file.toString());
    return plan;
  }

  private void check(Plan plan) {
    if (plan.gain().isEmpty() && plan.retention().isEmpty() && !plan.builtIn()) {
      problems.add("give a probe: gain: FILE, retention: FILE or " + BUILT_IN);
    }
    if (plan.arms().stream().noneMatch(arm -> arm.name().equals(plan.reference()))) {
      problems.add("reference: no arm is called " + plan.reference());
    }
  }

  private Plan.Arm arm(String name, JsonNode given) {
    String where = "arms." + name + ".";
    JsonNode node = given.isNull() ? MissingNode.getInstance() : given;
    if (!node.isObject() && !node.isMissingNode()) {
      problems.add("arms." + name + ": give keys, or {} for the model as it is");
    }
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
      problems.add("arms." + name + ": a name has letters, digits, '-', '_' and '.'");
    }
    known(where, node, ARM_KEYS);
    int shots = number(where + "shots", node.path("shots"), 1, SHOTS);
    if (node.has("shots") && !node.has("examples")) {
      problems.add(where + "shots: of which file? give examples: FILE");
    }
    return new Plan.Arm(
        name,
        text(node, "system"),
        text(node, "examples").map(path -> new Plan.Examples(Path.of(path), shots)),
        change(where, node));
  }

  private Plan.Change change(String where, JsonNode node) {
    if (node.has("adapter") && node.has("tune")) {
      problems.add(where + "adapter and tune: give one of them");
    }
    if (node.has("tune")) {
      Map<String, String> options = new LinkedHashMap<>();
      for (Map.Entry<String, JsonNode> entry : node.path("tune").properties()) {
        options.put(entry.getKey(), joined(where + "tune." + entry.getKey(), entry.getValue()));
      }
      return new Plan.Change.Tuned(options);
    }
    return text(node, "adapter")
        .<Plan.Change>map(path -> new Plan.Change.Adapted(Path.of(path)))
        .orElseGet(Plan.Change.None::new);
  }

  private String joined(String where, JsonNode value) {
    if (value.isArray()) {
      return value.valueStream().map(part -> joined(where, part)).collect(Collectors.joining(","));
    }
    if (!value.isValueNode() || value.isNull()) {
      problems.add(where + ": give a text, a number, or a list of these");
      return "";
    }
    return value.asString();
  }

  private void known(String where, JsonNode node, Set<String> keys) {
    for (String key : node.propertyNames()) {
      if (!keys.contains(key)) {
        problems.add(where + key + " is unknown; known are " + new TreeSet<>(keys));
      }
    }
  }

  private String required(JsonNode node, String key) {
    Optional<String> text = text(node, key);
    if (text.isEmpty()) {
      problems.add(key + " is missing");
    }
    return text.orElse("");
  }

  private static Optional<String> text(JsonNode node, String key) {
    JsonNode value = node.path(key);
    return value.isValueNode() && !value.isNull()
        ? Optional.of(value.asString())
        : Optional.empty();
  }

  /** A list, or a single text. */
  private static List<String> texts(JsonNode node, String key) {
    JsonNode value = node.path(key);
    return value.isArray()
        ? value.valueStream().map(JsonNode::asString).toList()
        : text(node, key).map(List::of).orElse(List.of());
  }

  private List<Long> seeds(JsonNode document) {
    JsonNode value = document.path("seeds");
    if (value.isMissingNode()) {
      return List.of(0L);
    }
    List<JsonNode> each = value.isArray() ? value.valueStream().toList() : List.of(value);
    List<Long> seeds =
        each.stream().filter(JsonNode::isIntegralNumber).map(JsonNode::asLong).distinct().toList();
    if (each.isEmpty() || seeds.size() != each.size()) {
      problems.add("seeds: give whole numbers, each once, such as [1, 2, 3]");
    }
    return seeds;
  }

  private Plan.Sizes sizes(JsonNode document) {
    Plan.Sizes usual = Plan.Sizes.USUAL;
    return new Plan.Sizes(
        number(document, "max-tokens", 1, usual.maxTokens()),
        number(document, "texts", 0, usual.texts()),
        number(document, "timed", 0, usual.timed()));
  }

  private int number(JsonNode document, String key, int least, int otherwise) {
    return number(key, document.path(key), least, otherwise);
  }

  /** A whole number, or what holds where nothing is said. */
  private int number(String where, JsonNode value, int least, int otherwise) {
    if (value.isMissingNode()) {
      return otherwise;
    }
    if (!value.isInt() || value.asInt() < least) {
      problems.add(where + ": give a whole number from " + least);
      return otherwise;
    }
    return value.asInt();
  }

  private OptionalDouble price(JsonNode document) {
    JsonNode value = document.path("price-per-hour");
    if (value.isMissingNode()) {
      return OptionalDouble.empty();
    }
    if (!value.isNumber() || !(value.asDouble() >= 0)) {
      problems.add("price-per-hour: give a number from 0");
      return OptionalDouble.empty();
    }
    return OptionalDouble.of(value.asDouble());
  }
}
