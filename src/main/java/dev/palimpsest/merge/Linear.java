package dev.palimpsest.merge;

import dev.palimpsest.model.ChangedTensor;
import dev.palimpsest.model.Source;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * W0 + Σ wᵢ (Wᵢ − W0): adapters added exactly, task arithmetic (2212.04089), and with weights that
 * sum to 1 a soup (2203.05482). Each change is multiplied and added as a whole matrix, so equal
 * ones with opposite weights leave nothing.
 */
public record Linear() implements Rule {
  @Override
  public String name() {
    return "linear";
  }

  @Override
  public void check(List<Source> sources) {
    refuseMagnitudes(name(), sources);
  }

  /**
   * A DoRA change is no multiple of its factors: alone and whole it is exact, in a sum undefined.
   */
  static void refuseMagnitudes(String method, List<Source> sources) {
    for (Source source : sources) {
      boolean alone = sources.size() == 1 && source.weight() == 1;
      if (!alone
          && source instanceof Source.Lora lora
          && lora.adapter().config().weightDecomposed()) {
        throw new BadInput(
            lora.name()
                + ": a DoRA adapter is not linear, so "
                + method
                + " takes it only alone and with weight 1; merge it into a model first and give"
                + " that as --tuned");
      }
    }
  }

  @Override
  public Rows over(ChangedTensor tensor) {
    List<Double> weights = tensor.sources().stream().map(Source::weight).toList();
    return (before, changes) -> sum(weights, changes);
  }

  /** Σ w · change. */
  static Tensor sum(List<Double> weights, List<Tensor> changes) {
    List<Tensor> terms = new ArrayList<>();
    for (int i = 0; i < changes.size(); i++) {
      terms.add(changes.get(i).times(weights.get(i)));
    }
    return terms.stream().reduce(Tensor::plus).orElseThrow();
  }
}
