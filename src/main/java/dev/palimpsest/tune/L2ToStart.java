package dev.palimpsest.tune;

import dev.palimpsest.model.Factors;
import dev.palimpsest.tensor.Tensor;

/**
 * λ/2 · ‖W − W₀‖², summed over all weights that change: what a run began with pulls it back (Li et
 * al., 1802.01483, L2-SP). Over factors the change is s · BA, its norm and gradient come from Gram
 * matrices of the rank's size.
 */
record L2ToStart(double lambda) implements Regulariser {
  @Override
  public String name() {
    return "l2-to-start";
  }

  @Override
  public Term over(Trained fresh) {
    return fresh instanceof TrainedAdapter adapter
        ? new OfFactors(lambda, new FactorChange(adapter.factors()))
        : new OfWeights(lambda, WeightChange.of(fresh));
  }

  private record OfFactors(double lambda, FactorChange change) implements Term {
    @Override
    public double backward() {
      return change.backward((_, now, change, gradient) -> backward(now, change, gradient));
    }

    /** By A: λs² · Bᵀ · B'A'; by B: λs² · B'A' · Aᵀ; products with the rank inside come first. */
    private double backward(Factors now, Factors change, Factors gradient) {
      Tensor left = now.b().transpose(0, 1).matmul(change.b());
      Tensor right = change.a().matmul(now.a().transpose(0, 1));
      double weight = lambda * change.scale() * change.scale();
      gradient.a().plusInPlace(left.matmul(change.a()), weight);
      gradient.b().plusInPlace(change.b().matmul(right), weight);
      Tensor ofB = change.b().transpose(0, 1).matmul(change.b());
      Tensor ofA = change.a().matmul(change.a().transpose(0, 1));
      return 0.5 * weight * ofB.times(ofA).sum().item();
    }

    @Override
    public void close() {
      change.close();
    }
  }

  private record OfWeights(double lambda, WeightChange change) implements Term {
    @Override
    public double backward() {
      return change.backward(
          (_, change, gradient) -> {
            gradient.plusInPlace(change, lambda);
            return 0.5 * lambda * change.square().sum().item();
          });
    }

    @Override
    public void close() {
      change.close();
    }
  }
}
