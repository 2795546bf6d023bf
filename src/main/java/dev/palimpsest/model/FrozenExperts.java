package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A mixture of feed-forward parts: gradients flow through the outputs and through the router. */
record FrozenExperts(ModelConfig config, FrozenProjection router, List<FrozenDense> experts)
    implements FrozenFeedForward {
  FrozenExperts(
      ModelConfig config,
      FeedForward.Experts part,
      Map<String, Factors> factors,
      WeightGradients gradients) {
    this(
        config,
        new FrozenProjection(part.router(), factors, gradients),
        part.experts().stream()
            .map(each -> new FrozenDense(config, each, factors, gradients))
            .toList());
  }

  @Override
  public List<FrozenProjection> projections() {
    return Stream.concat(
            Stream.of(router), experts.stream().flatMap(each -> each.projections().stream()))
        .toList();
  }

  @Override
  public Applied apply(Tensor x) {
    FrozenProjection.Applied routed = router.apply(x);
    Routing routing = Routing.of(routed.output(), config.chosenExperts());
    Tensor sum = x.newZeros(DType.F32, x.shape());
    List<Part> parts = new ArrayList<>();
    for (Routing.Share share : routing.shares()) {
      Applied pass = experts.get(share.expert()).apply(share.padded(x));
      Tensor output = share.cut(pass.output()).to(DType.F32);
      sum.plusRowsInPlace(output.times(share.weights(routing)), share.rows());
      parts.add(new Part(share, pass, output));
    }
    return new Pass(router, routed, routing, parts, sum);
  }

  /**
   * What one expert gave.
   *
   * @param output of its own rows, (rows, width), F32, before it is weighed
   */
  private record Part(Routing.Share share, Applied pass, Tensor output) {
    void keep(Scope scope) {
      scope.keep(share.rows());
      scope.keep(share.filled());
      pass.keep(scope);
      scope.keep(output);
    }
  }

  private record Pass(
      FrozenProjection router,
      FrozenProjection.Applied routed,
      Routing routing,
      List<Part> parts,
      Tensor output)
      implements Applied {
    @Override
    public void keep(Scope scope) {
      routed.keep(scope);
      scope.keep(routing.weights());
      parts.forEach(part -> part.keep(scope));
    }

    @Override
    public Tensor backward(Tensor x, Tensor gradient) {
      Tensor byInput = gradient.newZeros(DType.F32, gradient.shape());
      Tensor byWeights = gradient.newZeros(DType.F32, routing.weights().shape());
      for (Part part : parts) {
        Routing.Share share = part.share;
        Tensor own = gradient.rows(share.rows());
        byWeights
            .narrow(1, share.expert(), 1)
            .plusRowsInPlace(own.times(part.output).sum(1).unsqueeze(1), share.rows());
        Tensor byPadded = gradient.newZeros(DType.F32, share.filled().count(), gradient.size(1));
        share.cut(byPadded).copyFrom(own.times(share.weights(routing)));
        Tensor back = share.cut(part.pass.backward(share.padded(x), byPadded)).to(DType.F32);
        byInput.plusRowsInPlace(back, share.rows());
      }
      Tensor byLogits = throughSoftmax(byWeights).to(router.products());
      return byInput.plusInPlace(router.backward(routed, x, byLogits).to(DType.F32));
    }

    private Tensor throughSoftmax(Tensor byWeights) {
      Tensor weights = routing.weights();
      Tensor mean = byWeights.times(weights).sum(1).unsqueeze(1);
      return byWeights.minus(mean).timesInPlace(weights);
    }
  }
}
