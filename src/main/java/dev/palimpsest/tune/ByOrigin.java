package dev.palimpsest.tune;

import dev.palimpsest.data.Example;
import dev.palimpsest.model.TrainedDecoder;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One objective for what is to be learned, another for what is not to be forgotten; each has a pass
 * of its own.
 */
record ByOrigin(Objective task, Objective replay) implements Objective {
  @Override
  public double backward(TrainedDecoder decoder, List<Example> examples, double weight) {
    Map<Example.Origin, List<Example>> parts =
        examples.stream().collect(Collectors.groupingBy(Example::origin));
    double sum = 0;
    for (Example.Origin origin : Example.Origin.values()) {
      List<Example> part = parts.getOrDefault(origin, List.of());
      if (!part.isEmpty()) {
        Objective own = origin == Example.Origin.TASK ? task : replay;
        sum += own.backward(decoder, part, weight);
      }
    }
    return sum;
  }
}
