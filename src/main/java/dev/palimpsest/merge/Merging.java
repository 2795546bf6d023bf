package dev.palimpsest.merge;

import dev.palimpsest.model.ChangedTensor;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Source;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Tensor;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A base and the sources that change its tensors, one tensor at a time. */
final class Merging {
  private final Checkpoint base;
  private final ModuleRules rules;
  private final Map<String, Realised.Sums> sums = new LinkedHashMap<>();

  Merging(Checkpoint base, ModuleRules rules) {
    this.base = base;
    this.rules = rules;
  }

  /**
   * A tensor by Hugging Face's name, merged and rounded once to a type, in the scope that is open;
   * empty where it is the base's.
   */
  Optional<Tensor> tensor(String name, DType type) {
    ModuleRules.Choice choice = rules.of(name);
    List<Source> changing = choice.sources().stream().filter(each -> each.changes(name)).toList();
    if (changing.isEmpty()) {
      return Optional.empty();
    }
    TensorMerge merge =
        TensorMerge.of(new ChangedTensor(base, name, changing), choice.rule(), type);
    sums.put(name, merge.sums());
    return Optional.of(merge.merged());
  }

  /** What became of the changes, by tensor. */
  Collection<Realised.Sums> sums() {
    return sums.values();
  }

  /** How many tensors each rule of some modules was over. */
  List<Merged.RuleUse> uses() {
    return rules.uses(sums.keySet());
  }
}
