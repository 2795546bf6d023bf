package dev.palimpsest.compare;

import dev.palimpsest.generate.Endpoint;
import dev.palimpsest.generate.Shots;
import dev.palimpsest.measure.BuiltInProbes;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Problems;
import dev.palimpsest.run.Yaml;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/** Reads a plan, YAML or JSON, and tells all that is wrong with it at once. */
public final class PlanReader {
  private static final int SHOTS = 4;

  /** The program's own retention probes. */
  static final String BUILT_IN = BuiltInProbes.NAME;

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
      Set.of("system", "examples", "shots", "adapter", "endpoint", "tune");

  private final Path file;
  private final Problems problems = new Problems();
  private final PlanFields fields = new PlanFields(problems);

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
    fields.known("", document, KEYS);
    List<Plan.Arm> arms = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : document.path("arms").properties()) {
      arms.add(arm(entry.getKey(), entry.getValue()));
    }
    if (arms.isEmpty()) {
      problems.add("arms: give at least one, such as base: {}");
    }
    List<String> retention = PlanFields.texts(document, "retention");
    Plan plan =
        new Plan(
            fields.required(document, "model"),
            PlanFields.texts(document, "gain").stream().map(Path::of).toList(),
            retention.stream().filter(name -> !name.equals(BUILT_IN)).map(Path::of).toList(),
            retention.contains(BUILT_IN),
            fields.seeds(document),
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
    if (plan.arms().stream()
        .anyMatch(
            arm ->
                arm.name().equals(plan.reference())
                    && arm.change() instanceof Plan.Change.Remote)) {
      problems.add("reference: " + plan.reference() + " is an endpoint, which not all probes ask");
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
    fields.known(where, node, ARM_KEYS);
    int shots = fields.positive(where, node, "shots", SHOTS);
    if (node.has("shots") && !node.has("examples")) {
      problems.add(where + "shots: of which file? give examples: FILE");
    }
    return new Plan.Arm(
        name,
        PlanFields.text(node, "system"),
        PlanFields.text(node, "examples")
            .map(path -> new Shots(Path.of(path), OptionalInt.of(shots))),
        change(where, node));
  }

  private Plan.Change change(String where, JsonNode node) {
    List<String> changes = Stream.of("adapter", "endpoint", "tune").filter(node::has).toList();
    if (changes.size() > 1) {
      problems.add(where + String.join(" and ", changes) + ": give one of them");
    }
    if (node.has("endpoint")) {
      return endpoint(where, node);
    }
    if (node.has("tune")) {
      return new Plan.Change.Tuned(fields.options(where + "tune.", node.path("tune")));
    }
    return PlanFields.text(node, "adapter")
        .<Plan.Change>map(path -> new Plan.Change.Adapted(Path.of(path)))
        .orElseGet(Plan.Change.None::new);
  }

  private Plan.Change endpoint(String where, JsonNode node) {
    try {
      Optional<Endpoint> endpoint = PlanFields.text(node, "endpoint").flatMap(Endpoint::parse);
      if (endpoint.isPresent()) {
        return new Plan.Change.Remote(endpoint.get());
      }
      problems.add(where + "endpoint: give URL#MODEL, as in http://host/v1#model");
    } catch (BadInput e) {
      problems.add(where + "endpoint: " + e.getMessage());
    }
    return new Plan.Change.None();
  }

  private Plan.Sizes sizes(JsonNode document) {
    Plan.Sizes usual = Plan.Sizes.USUAL;
    return new Plan.Sizes(
        fields.positive("", document, "max-tokens", usual.maxTokens()),
        fields.notNegative(document, "texts", usual.texts()),
        fields.notNegative(document, "timed", usual.timed()));
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
