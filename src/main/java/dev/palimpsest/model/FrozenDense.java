package dev.palimpsest.model;

import dev.palimpsest.tensor.Functional;
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
    return new Pass(this, both, down.apply(hidden(both.output())));
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
    Tensor byHidden = down.backward(kept.down, hidden(both), gradient.to(down.products()));
    Tensor byBoth = isGelu() ? throughGelu(both, byHidden) : GatedUnit.backward(both, byHidden);
    return gateUp.backward(kept.gateUp, x, byBoth);
  }

  private boolean isGelu() {
    return config.architecture() == Architecture.GEMMA3;
  }

  private Tensor hidden(Tensor both) {
    return isGelu()
        ? Functional.geluTanh(gate(both)).timesInPlace(up(both))
        : GatedUnit.forward(both);
  }

  private Tensor throughGelu(Tensor both, Tensor byHidden) {
    Tensor byBoth = Tensor.empty(both.dtype(), both.shape());
    Functional.product(up(byBoth), byHidden, Functional.geluTanh(gate(both)));
    Functional.geluTanhBackward(gate(byBoth), byHidden.times(up(both)), gate(both));
    return byBoth;
  }

  private Tensor gate(Tensor both) {
    return both.narrow(1, 0, config.feedForward());
  }

  private Tensor up(Tensor both) {
    return both.narrow(1, config.feedForward(), config.feedForward());
  }
}
