package dev.palimpsest.tune;

import dev.palimpsest.model.Factors;
import dev.palimpsest.tensor.Tensor;
import java.util.function.Supplier;

/**
 * λ/2 · Σ F · (W − W₀)², F the diagonal of the Fisher information at W₀: what old text hangs on is
 * held more tightly (Kirkpatrick et al., 1612.00796). F is per token, so at λ = 1 the term is, by
 * the diagonal, the second-order estimate of KL(base‖tuned) in nats a token along that text. Over
 * factors the change s · BA is made dense, a module at a time.
 */
record Ewc(double lambda, Supplier<Fisher> fisher) implements Regulariser {
  @Override
  public String name() {
    return "ewc";
  }

  @Override
  public Term over(Trained fresh) {
    Fisher information = fisher.get();
    return fresh instanceof TrainedAdapter adapter
        ? new OfFactors(lambda, information, new FactorChange(adapter.factors()))
        : new OfWeights(lambda, information, WeightChange.of(fresh));
  }

  private record OfFactors(double lambda, Fisher fisher, FactorChange change) implements Term {
    @Override
    public double backward() {
      return change.backward(this::backward);
    }

    private double backward(String module, Factors now, Factors change, Factors gradient) {
      Tensor dense = change.b().matmul(change.a()).timesInPlace(change.scale());
      Tensor pull = dense.times(fisher.of(module + ".weight")).timesInPlace(lambda);
      double scale = now.scale();
      gradient.a().plusInPlace(now.b().transpose(0, 1).matmul(pull), scale);
      gradient.b().plusInPlace(pull.matmul(now.a().transpose(0, 1)), scale);
      return 0.5 * pull.timesInPlace(dense).sum().item();
    }

    @Override
    public void close() {
      change.close();
      fisher.close();
    }
  }

  private record OfWeights(double lambda, Fisher fisher, WeightChange change) implements Term {
    @Override
    public double backward() {
      return change.backward(
          (from, change, gradient) -> {
            Tensor pull = change.times(fisher.values().narrow(0, from, change.count()));
            gradient.plusInPlace(pull, lambda);
            return 0.5 * lambda * pull.timesInPlace(change).sum().item();
          });
    }

    @Override
    public void close() {
      change.close();
      fisher.close();
    }
  }
}
