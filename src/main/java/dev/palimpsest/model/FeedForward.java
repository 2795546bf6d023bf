package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** The feed-forward part of a block: one, or a mixture of several. */
sealed interface FeedForward {
  /** Its matrices in the order of the computation. */
  List<Projection> projections();

  /** The same with every projection changed. */
  FeedForward with(UnaryOperator<Projection> change);

  /**
   * The outputs, (rows, width).
   *
   * @param x (rows, width), normalised
   */
  Tensor apply(ModelConfig config, Tensor x, Adaptation adapter);

  /**
   * A gated one: down(activation(gate(x)) · up(x)).
   *
   * @param gateUp (2 · feedForward, width)
   * @param down (width, feedForward)
   */
  record Dense(Projection gateUp, Projection down) implements FeedForward {
    @Override
    public List<Projection> projections() {
      return List.of(gateUp, down);
    }

    @Override
    public Dense with(UnaryOperator<Projection> change) {
      return new Dense(change.apply(gateUp), change.apply(down));
    }

    @Override
    public Tensor apply(ModelConfig config, Tensor x, Adaptation adapter) {
      Tensor both = gateUp.apply(x, adapter);
      Tensor gate = both.narrow(1, 0, config.feedForward());
      Tensor up = both.narrow(1, config.feedForward(), config.feedForward());
      // an answer may be over before kernels are compiled (docs/decisions/vectors.md)
      return down.apply(config.gatedUnit().activation(gate).times(up), adapter);
    }
  }

  /**
   * Several, of which each row takes the {@link ModelConfig.Mixture#chosen} that a router likes
   * best, and adds their outputs by weight (Mixtral, 2401.04088; transformers'
   * modeling_mixtral.py).
   *
   * @param router (experts, width)
   */
  record Experts(Projection router, List<Dense> experts) implements FeedForward {
    /** Copies the list. */
    public Experts {
      experts = List.copyOf(experts);
    }

    @Override
    public List<Projection> projections() {
      return Stream.concat(
              Stream.of(router), experts.stream().flatMap(each -> each.projections().stream()))
          .toList();
    }

    @Override
    public Experts with(UnaryOperator<Projection> change) {
      return new Experts(
          change.apply(router), experts.stream().map(each -> each.with(change)).toList());
    }

    @Override
    public Tensor apply(ModelConfig config, Tensor x, Adaptation adapter) {
      Routing routing = Routing.of(router.apply(x, adapter), config.chosenExperts());
      Tensor sum = x.newZeros(DType.F32, x.shape());
      for (Routing.Share share : routing.shares()) {
        Tensor output =
            experts.get(share.expert()).apply(config, share.padded(x), adapter).to(DType.F32);
        sum.plusRowsInPlace(share.cut(output).times(share.weights(routing)), share.rows());
      }
      return sum;
    }
  }
}
