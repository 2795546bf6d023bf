package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.palimpsest.data.Example;
import dev.palimpsest.data.Pack;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.AutogradDecoder;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.FrozenDecoder;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The written-out gradient against automatic differentiation. */
class KlToTest {
  private static final List<Example> EXAMPLES = TrainingReferenceTest.examples();

  @Test
  void backward_againstAutograd_isTheSame() {
    try (Scope _ = Scope.open();
        Decoder decoder = TrainingReferenceTest.decoder();
        LoraParameters trained = TrainingReferenceTest.trained(decoder, "plain")) {
      AdaptedDecoder adapted = new AdaptedDecoder(decoder, trained.factors());
      double graph = KlTo.base().backward(new AutogradDecoder(adapted), EXAMPLES, 0.25);
      float[] byGraph = trained.gradient().floats();
      trained.gradient().zeroInPlace();
      double written =
          KlTo.base().backward(new FrozenDecoder(decoder, trained.factors()), EXAMPLES, 0.25);
      float[] byHand = trained.gradient().floats();
      trained.gradient().zeroInPlace();

      double expected = byAutograd(adapted, 0.25);

      assertThat(expected).isPositive();
      assertThat(graph).isCloseTo(expected, withinPercentage(0.01));
      assertThat(written).isCloseTo(expected, withinPercentage(0.01));
      double largest = 0;
      for (float value : trained.gradient().floats()) {
        largest = Math.max(largest, Math.abs(value));
      }
      assertThat(largest).isPositive();
      float near = (float) (2e-5 * largest);
      assertThat(byGraph).containsExactly(trained.gradient().floats(), within(near));
      assertThat(byHand).containsExactly(trained.gradient().floats(), within(near));
    }
  }

  private static double byAutograd(AdaptedDecoder adapted, double weight) {
    Ragged documents = Ragged.of(EXAMPLES.stream().map(Example::ids).toList());
    Tensor rows = Tensor.ofIndices(Pack.of(EXAMPLES).labelRows());
    AdaptedDecoder plain = AdaptedDecoder.base(adapted.decoder());
    Tensor base =
        Native.withoutGradients(
            () -> Functional.logSoftmax(plain.logits(plain.hidden(documents).rows(rows))));
    Tensor after = Functional.logSoftmax(adapted.logits(adapted.hidden(documents).rows(rows)));
    Tensor loss = base.exp().times(base.minus(after)).sum();
    loss.times(weight).backward();
    return loss.item();
  }

  @Test
  void backward_whereNothingHasChanged_isZero() {
    try (Scope _ = Scope.open();
        Decoder decoder = TrainingReferenceTest.decoder();
        LoraParameters trained = TrainingReferenceTest.trained(decoder, "plain")) {
      trained.parameters().zeroInPlace();

      double loss =
          KlTo.base().backward(new FrozenDecoder(decoder, trained.factors()), EXAMPLES, 1);

      assertThat(loss).isCloseTo(0, within(1e-4));
      assertThat(trained.gradient().floats())
          .containsExactly(new float[(int) trained.gradient().count()], within(1e-4f));
    }
  }

  @Test
  void byOrigin_givesEachItsOwn() {
    List<String> seen = new ArrayList<>();
    Objective task = (decoder, examples, weight) -> note(seen, "task", examples, 2);
    Objective replay = (decoder, examples, weight) -> note(seen, "replay", examples, 3);
    Example old = new Example("old", new int[] {1, 2}, new boolean[2], Example.Origin.REPLAY);
    Example fresh = new Example("new", new int[] {1, 2}, new boolean[2]);
    try (Decoder decoder = TrainingReferenceTest.decoder();
        FrozenDecoder frozen = new FrozenDecoder(decoder, java.util.Map.of())) {
      ByOrigin both = new ByOrigin(task, replay);

      assertThat(both.backward(frozen, List.of(old, fresh, old), 1)).isEqualTo(5);
      assertThat(both.backward(frozen, List.of(fresh), 1)).isEqualTo(2);
      assertThat(seen).containsExactly("task new", "replay old old", "task new");
    }
  }

  private static double note(List<String> seen, String what, List<Example> given, double loss) {
    seen.add(what + " " + String.join(" ", given.stream().map(Example::id).toList()));
    return loss;
  }
}
