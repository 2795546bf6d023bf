package dev.palimpsest.tune;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Factors;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The directions of earlier adapters.
 *
 * @param byModule every A, one below the other, (ranks, in), F32
 */
record EarlierRows(Map<String, Tensor> byModule) implements AutoCloseable {
  static EarlierRows of(LanguageModel model, List<Earlier> adapters) {
    try (Scope scope = Scope.open()) {
      Map<String, List<Tensor>> rows = new LinkedHashMap<>();
      for (Earlier each : adapters) {
        for (Map.Entry<String, Factors> module : each.read(model).factors().entrySet()) {
          rows.computeIfAbsent(module.getKey(), _ -> new ArrayList<>()).add(module.getValue().a());
        }
      }
      Map<String, Tensor> joined = new LinkedHashMap<>();
      rows.forEach(
          (module, all) ->
              joined.put(module, scope.release(Tensor.cat(0, all).to(model.decoder().device()))));
      return new EarlierRows(joined);
    }
  }

  @Override
  public void close() {
    byModule.values().forEach(Tensor::close);
  }
}
