package dev.palimpsest.tune;

import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import dev.palimpsest.tune.Trained.Stretch;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Stretches of the parameters that learn at rates of their own, each by its own optimiser. */
record ByStretch(List<Part> parts) implements Optimizer {

  /** One stretch, from its first element on. */
  record Part(Optimizer optimizer, long from, Stretch stretch) {
    Tensor of(Tensor flat) {
      return flat.narrow(0, from, stretch.size());
    }
  }

  static ByStretch of(String name, Trained trained, double decay) {
    List<Part> parts = new ArrayList<>();
    long from = 0;
    for (Stretch stretch : trained.stretches()) {
      Device device = trained.parameters().device();
      Optimizer own = Optimizer.of(name, within(trained, from, stretch), decay, device);
      parts.add(new Part(own, from, stretch));
      from += stretch.size();
    }
    return new ByStretch(parts);
  }

  private static List<FlatView> within(Trained trained, long from, Stretch stretch) {
    return trained.views().stream()
        .filter(view -> view.offset() >= from && view.offset() < from + stretch.size())
        .map(view -> new FlatView(view.name(), view.offset() - from, view.shape()))
        .toList();
  }

  @Override
  public void step(Tensor parameters, Tensor gradient, long step, double rate) {
    try (Scope _ = Scope.open()) {
      for (Part part : parts) {
        double own = rate * part.stretch.share();
        part.optimizer.step(part.of(parameters), part.of(gradient), step, own);
      }
    }
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> all = new TreeMap<>();
    for (int i = 0; i < parts.size(); i++) {
      String stretch = "." + i;
      parts.get(i).optimizer.state().forEach((name, tensor) -> all.put(name + stretch, tensor));
    }
    return all;
  }

  @Override
  public void close() {
    parts.forEach(part -> part.optimizer.close());
  }
}
