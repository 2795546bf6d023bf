package dev.palimpsest.tune;

import dev.palimpsest.model.Factors;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * λ · Σ |A₀ · Aᵀ| over all entries, modules and earlier adapters: absolute values, as O-LoRA's
 * program has it (cmnfriend/O-LoRA, uie_trainer_lora.py); the paper's formula squares them.
 */
record OverlapPenalty(double lambda, Supplier<EarlierRows> earlier) implements Regulariser {
  @Override
  public String name() {
    return "orthogonal";
  }

  @Override
  public Term over(Trained fresh) {
    return new OfAdapter(lambda, earlier.get(), ((TrainedAdapter) fresh).factors());
  }

  private record OfAdapter(double lambda, EarlierRows earlier, LoraParameters factors)
      implements Term {
    /** By A: λ · sign(A · A₀ᵀ) · A₀. */
    @Override
    public double backward() {
      double sum = 0;
      try (Scope _ = Scope.open()) {
        Map<String, Factors> now = factors.layout().views(factors.parameters());
        Map<String, Factors> gradients = factors.layout().views(factors.gradient());
        for (Map.Entry<String, Tensor> module : earlier.byModule().entrySet()) {
          Factors trained = now.get(module.getKey());
          if (trained != null) {
            Tensor overlap = trained.a().matmul(module.getValue().transpose(0, 1));
            Objects.requireNonNull(gradients.get(module.getKey()))
                .a()
                .plusInPlace(overlap.sign().matmul(module.getValue()), lambda);
            sum += overlap.abs().sum().item();
          }
        }
      }
      return lambda * sum;
    }

    @Override
    public void close() {
      earlier.close();
    }
  }
}
