package dev.palimpsest.compare;

import dev.palimpsest.merge.MergeMethod;
import dev.palimpsest.merge.MethodSettings;
import dev.palimpsest.merge.ModuleRule;
import dev.palimpsest.model.TargetModules;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Problems;
import dev.palimpsest.run.Yaml;
import dev.palimpsest.tune.Layers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * How to merge, from YAML or JSON: {@code method} and its settings as {@code merge} has them, and
 * {@code rules} of some modules, each with a method, settings and {@code weights} of its own. What
 * a rule says goes before the call, the call before the rest of the file.
 */
public final class MergeReader {
  private static final Set<String> SELECTING = Set.of("modules", "layers", "kind", "weights");
  private static final TargetModules EVERY =
      TargetModules.of(new TargetModules.Names.Matching(".*"));

  private final Path file;
  private final JsonNode document;
  private final Problems problems = new Problems();
  private final PlanFields fields = new PlanFields(problems);

  private MergeReader(Path file) {
    this.file = file;
    this.document = Yaml.read(file, "keys, such as method: ties");
  }

  /**
   * Opens a file.
   *
   * @throws BadInput if it is no YAML
   */
  public static MergeReader read(Path file) {
    return new MergeReader(file);
  }

  /**
   * The method under what a call says.
   *
   * @throws BadInput naming every key that is not as it should be
   */
  public MergeMethod made(MethodSettings call, MethodSettings.Finding finding) {
    fields.known("", document, known(Set.of("rules")));
    MethodSettings all = settings("", document);
    // what a file says beside its own method must be a setting of that, whatever the call says
    checked("", () -> all.over(new MethodSettings(Optional.empty(), Map.of())));
    Optional<MethodSettings> under = checked("", () -> call.over(all));
    List<ModuleRule> rules = new ArrayList<>();
    JsonNode given = document.path("rules");
    if (!given.isArray() && !given.isMissingNode()) {
      problems.add("rules: give a list, each with modules, layers or kind");
    }
    for (int i = 0; i < given.size(); i++) {
      String name = "rules[" + i + "]";
      JsonNode node = given.get(i);
      under
          .flatMap(each -> checked(name + ".", () -> rule(name, node, each, finding)))
          .ifPresent(rules::add);
    }
    Optional<MergeMethod> made =
        under.flatMap(each -> checked("", () -> each.made(finding).with(rules)));
    problems.throwIfAny(file.toString());
    return made.orElseThrow();
  }

  private ModuleRule rule(
      String name, JsonNode node, MethodSettings under, MethodSettings.Finding finding) {
    fields.known(name + ".", node, known(SELECTING));
    MergeMethod method = settings(name + ".", node).over(under).made(finding);
    if (method.rank().isPresent()) {
      throw new BadInput("method svd: joins whole adapters; give it for all, without rules");
    }
    return new ModuleRule(
        shown(name, node), modules(node), kind(node), method.rule(), weights(name, node));
  }

  /** A rule as messages and results name it: by what it selects. */
  private static String shown(String name, JsonNode node) {
    return Stream.of("modules", "layers", "kind")
        .filter(node::has)
        .map(key -> key + " " + node.path(key).asString())
        .collect(Collectors.joining(", ", name + " (", ")"))
        .replace("()", "(all)");
  }

  private static Set<String> known(Set<String> more) {
    Set<String> known = new TreeSet<>(MethodSettings.NAMES);
    known.add("method");
    known.addAll(more);
    return known;
  }

  /** What a reading gives, or a problem more. */
  private <T> Optional<T> checked(String where, Supplier<T> reading) {
    try {
      return Optional.of(reading.get());
    } catch (BadInput e) {
      problems.add(where + String.valueOf(e.getMessage()).replaceFirst("^--", ""));
      return Optional.empty();
    }
  }

  private MethodSettings settings(String where, JsonNode node) {
    Map<String, Number> values = new LinkedHashMap<>();
    for (String name : new TreeSet<>(MethodSettings.NAMES)) {
      JsonNode value = node.path(name);
      boolean whole = MethodSettings.WHOLE.contains(name);
      if (whole ? value.isIntegralNumber() && value.canConvertToLong() : value.isNumber()) {
        values.put(name, whole ? (Number) value.asLong() : (Number) value.asDouble());
      } else if (!value.isMissingNode()) {
        problems.add(where + name + ": give a " + (whole ? "whole number" : "number"));
      }
    }
    return new MethodSettings(PlanFields.text(node, "method"), values);
  }

  private static TargetModules modules(JsonNode node) {
    TargetModules named = PlanFields.text(node, "modules").map(TargetModules::parse).orElse(EVERY);
    Optional<String> layers = PlanFields.text(node, "layers");
    if (layers.isEmpty()) {
      return named;
    }
    Layers only = Layers.parse("layers ", layers.get());
    if (only.from() > only.to()) {
      throw new BadInput("layers " + layers.get() + ": give FROM-TO, such as 15-29");
    }
    return named.in(only.numbers());
  }

  private static Optional<ModuleRule.Kind> kind(JsonNode node) {
    Optional<String> text = PlanFields.text(node, "kind");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(ModuleRule.Kind.valueOf(text.get().toUpperCase(Locale.ROOT)));
    } catch (IllegalArgumentException e) {
      throw new BadInput(
          "kind " + text.get() + ": known are attention, mlp, norm, embedding, head", e);
    }
  }

  private Map<String, Double> weights(String name, JsonNode node) {
    Map<String, Double> weights = new LinkedHashMap<>();
    JsonNode given = node.path("weights");
    if (!given.isObject() && !given.isMissingNode()) {
      problems.add(name + ".weights: give names with numbers, such as {a: 0.5, b: 1}");
    }
    for (Map.Entry<String, JsonNode> entry : given.properties()) {
      if (entry.getValue().isNumber()) {
        weights.put(entry.getKey(), entry.getValue().asDouble());
      } else {
        problems.add(name + ".weights." + entry.getKey() + ": give a number");
      }
    }
    return weights;
  }
}
