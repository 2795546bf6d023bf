package dev.palimpsest.compare;

import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.run.Problems;
import java.nio.file.Path;
import java.util.Map;

/**
 * The factors as they are over the new base's weights (PortLLM, 2410.10870): where a base was
 * trained further, what was learned over the old weights mostly holds over the new ones.
 */
record DirectPort() implements PortWay {
  @Override
  public void carry(PortTask task, Path folder) {
    requireSameShapes(task);
    task.write(task.adapter(), folder);
  }

  private static void requireSameShapes(PortTask task) {
    ModelConfig to = task.to().decoder().config();
    Problems problems = new Problems();
    if (task.from().layers() != to.layers()) {
      problems.add("%d layers, %d before".formatted(to.layers(), task.from().layers()));
    }
    Map<String, ModelTensors.Linear> before = ModelTensors.linear(task.from());
    Map<String, ModelTensors.Linear> after = ModelTensors.linear(to);
    for (String module : task.adapter().factors().keySet()) {
      ModelTensors.Linear old = before.get(module);
      ModelTensors.Linear own = after.get(module);
      if (own != null && !own.equals(old)) {
        problems.add(
            "%s is %d × %d, before %s"
                .formatted(
                    module,
                    own.out(),
                    own.in(),
                    old == null ? "none" : old.out() + " × " + old.in()));
      }
    }
    problems.throwIfAny("direct: the new base has other shapes than the adapter's");
  }
}
