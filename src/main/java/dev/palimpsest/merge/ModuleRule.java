package dev.palimpsest.merge;

import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.Source;
import dev.palimpsest.model.TargetModules;
import dev.palimpsest.run.BadInput;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What becomes of the changes of some modules.
 *
 * @param name for messages
 * @param modules that it is for
 * @param kind the only kind of them; empty for all
 * @param rule over their changes
 * @param weights of sources in the place of their own, by what the user called them or the last
 *     part of that
 */
public record ModuleRule(
    String name,
    TargetModules modules,
    Optional<Kind> kind,
    Rule rule,
    Map<String, Double> weights) {
  /** Copies the map. */
  public ModuleRule {
    weights = Map.copyOf(weights);
  }

  /** A part of a model. */
  public enum Kind {
    ATTENTION,
    MLP,
    NORM,
    EMBEDDING,
    HEAD;

    static Kind of(String module) {
      if (module.endsWith("norm")) {
        return NORM;
      }
      return switch (module) {
        case ModelTensors.EMBEDDING_MODULE -> EMBEDDING;
        case ModelTensors.HEAD_MODULE -> HEAD;
        default -> module.contains(".self_attn.") ? ATTENTION : MLP;
      };
    }
  }

  /** Whether it is for a tensor, by Hugging Face's name. */
  boolean matches(String tensor) {
    String module = tensor.substring(0, tensor.lastIndexOf('.'));
    return modules.matches(module) && kind.map(each -> each == Kind.of(module)).orElse(true);
  }

  /**
   * The sources as this rule weighs them.
   *
   * @throws BadInput if a weight is of none of them, or may be of several
   */
  List<Source> weighed(List<Source> sources) {
    List<Source> weighed = new ArrayList<>(sources);
    weights.forEach(
        (called, weight) -> {
          int index = index(called, sources);
          weighed.set(index, sources.get(index).withWeight(weight));
        });
    return weighed;
  }

  private static int index(String called, List<Source> sources) {
    List<String> names = sources.stream().map(Source::name).toList();
    if (names.indexOf(called) >= 0 && names.indexOf(called) == names.lastIndexOf(called)) {
      return names.indexOf(called);
    }
    List<String> last = names.stream().map(ModuleRule::last).toList();
    if (last.indexOf(called) < 0 || last.indexOf(called) != last.lastIndexOf(called)) {
      throw new BadInput(
          "weight of "
              + called
              + ": "
              + (last.contains(called) || names.contains(called) ? "may be several" : "is none")
              + " of "
              + String.join(", ", names));
    }
    return last.indexOf(called);
  }

  private static String last(String name) {
    return name.replaceFirst("/+$", "").replaceFirst(".*/", "");
  }
}
