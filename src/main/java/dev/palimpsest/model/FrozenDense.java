package dev.palimpsest.model;

import dev.palimpsest.tensor.GatedUnit;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.Map;

/** One gated feed-forward part. */
record FrozenDense(ModelConfig config, FrozenProjection gateUp, FrozenProjection down)
    implements FrozenFeedForward {
  FrozenDense(
      ModelConfig config,
      FeedForward.Dense part,
      Map<String, Factors> factors,
      WeightGradients gradients) {
    this(
        config,
        new FrozenProjection(part.gateUp(), factors, gradients),
        new FrozenProjection(part.down(), factors, gradients));
  }

  @Override
  public List<FrozenProjection> projections() {
    return List.of(gateUp, down);
  }

  @Override
  public Applied apply(Tensor x) {
    FrozenProjection.Applied both = gateUp.apply(x);
    return new Pass(this, both, down.apply(config.gatedUnit().forward(both.output())));
  }

  private record Pass(
      FrozenDense part, FrozenProjection.Applied gateUp, FrozenProjection.Applied down)
      implements Applied {
    @Override
    public Tensor output() {
      return down.output();
    }

    @Override
    public void keep(Scope scope) {
      gateUp.keep(scope);
      scope.keep(gateUp.output());
      down.keep(scope);
    }

    @Override
    public Tensor backward(Tensor x, Tensor gradient) {
      return part.backward(this, x, gradient);
    }
  }

  private Tensor backward(Pass kept, Tensor x, Tensor gradient) {
    Tensor both = kept.gateUp.output();
    GatedUnit unit = config.gatedUnit();
    Tensor byHidden = down.backward(kept.down, unit.forward(both), gradient.to(down.products()));
    return gateUp.backward(kept.gateUp, x, unit.backward(both, byHidden));
  }
}
