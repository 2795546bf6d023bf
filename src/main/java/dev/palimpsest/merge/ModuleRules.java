package dev.palimpsest.merge;

import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.Source;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Problems;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Which rule is over which tensor: the first of some modules' that matches, else the one for all.
 */
final class ModuleRules {
  private final List<ModuleRule> rules;
  private final List<Choice> choices = new ArrayList<>();
  private final Choice otherwise;

  /** A rule, and the sources with the weights that it gives them. */
  record Choice(Rule rule, List<Source> sources) {
    static Choice checked(Rule rule, List<Source> sources) {
      rule.check(sources);
      return new Choice(rule, sources);
    }
  }

  private ModuleRules(List<ModuleRule> rules, Choice otherwise) {
    this.rules = rules;
    this.otherwise = otherwise;
  }

  /** One rule over all. */
  static ModuleRules of(Rule rule, List<Source> sources) {
    return new ModuleRules(List.of(), Choice.checked(rule, List.copyOf(sources)));
  }

  /**
   * Those of a method.
   *
   * @throws BadInput naming each rule that is not defined for the sources, or is over no tensor of
   *     the model
   */
  static ModuleRules of(MergeMethod method, List<Source> sources, ModelConfig model) {
    if (method.modules().isEmpty()) {
      return of(method.rule(), sources);
    }
    ModuleRules made = new ModuleRules(method.modules(), new Choice(method.rule(), sources));
    Problems problems = new Problems();
    List<String> tensors = List.copyOf(ModelTensors.shapes(model).keySet());
    for (ModuleRule rule : made.rules) {
      try {
        made.choices.add(Choice.checked(rule.rule(), rule.weighed(sources)));
      } catch (BadInput e) {
        problems.add(rule.name() + ": " + e.getMessage());
      }
      if (made.count(rule, tensors) == 0) {
        problems.add(rule.name() + ": " + made.overNothing(rule, tensors));
      }
    }
    if (tensors.stream().anyMatch(each -> made.index(each) == made.rules.size())) {
      method.rule().check(sources);
    }
    problems.throwIfAny("rules");
    return made;
  }

  private String overNothing(ModuleRule rule, List<String> tensors) {
    return tensors.stream().anyMatch(rule::matches)
        ? "all that it matches, earlier rules match, too; the first one counts"
        : "no module of the model matches; its modules are named as model.layers.0.mlp.up_proj";
  }

  private int index(String tensor) {
    int index = 0;
    while (index < rules.size() && !rules.get(index).matches(tensor)) {
      index++;
    }
    return index;
  }

  private int count(ModuleRule rule, Collection<String> tensors) {
    int index = rules.indexOf(rule);
    return (int) tensors.stream().filter(each -> index(each) == index).count();
  }

  Choice of(String tensor) {
    int index = index(tensor);
    return index < rules.size() ? choices.get(index) : otherwise;
  }

  List<Merged.RuleUse> uses(Collection<String> tensors) {
    return rules.stream()
        .map(each -> new Merged.RuleUse(each.name(), each.rule().name(), count(each, tensors)))
        .toList();
  }
}
