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
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The written-out gradient against automatic differentiation and against differences. */
class CrossEntropyTest {
  @Test
  void backward_againstAutogradThroughLogSoftmax_isTheSame() {
    try (Scope _ = Scope.open();
        Decoder decoder = TrainingReferenceTest.decoder();
        LoraParameters trained = TrainingReferenceTest.trained(decoder, "plain")) {
      AdaptedDecoder adapted = new AdaptedDecoder(decoder, trained.factors());
      double written =
          new CrossEntropy().backward(new AutogradDecoder(adapted), manyLabels(), 0.25);
      float[] found = trained.gradient().floats();
      trained.gradient().zeroInPlace();

      double expected = byAutograd(adapted, manyLabels(), 0.25);

      assertThat(written).isCloseTo(expected, withinPercentage(1e-4));
      assertClose(found, trained.gradient().floats());
    }
  }

  /** Within 1e-5 of the largest entry. */
  private static void assertClose(float[] found, float[] expected) {
    double largest = 0;
    for (float value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(largest).isPositive();
    assertThat(found).containsExactly(expected, within((float) (1e-5 * largest)));
  }

  /** Examples with one beginning, which is computed once, among others. */
  @Test
  void backward_aCommonBeginning_isAutogradsOfEachExample() {
    List<Example> examples = new ArrayList<>(TrainingReferenceTest.examples());
    int[] ids = new Random(4).ints(30, 0, 320).toArray();
    for (int length : new int[] {24, 30, 27}) {
      boolean[] label = new boolean[length];
      Arrays.fill(label, 20, length, true);
      examples.add(1, new Example("alike", Arrays.copyOf(ids, length), label));
    }
    assertThat(Pack.of(examples).rows())
        .isEqualTo(examples.stream().mapToInt(Example::length).sum() - 2 * 19);
    try (Scope _ = Scope.open();
        Decoder decoder = TrainingReferenceTest.decoder();
        LoraParameters trained = TrainingReferenceTest.trained(decoder, "plain")) {
      FrozenDecoder frozen = new FrozenDecoder(decoder, trained.factors());
      double written = new CrossEntropy().backward(frozen, examples, 0.25);
      float[] found = trained.gradient().floats();
      trained.gradient().zeroInPlace();

      double expected = byAutograd(new AdaptedDecoder(decoder, trained.factors()), examples, 0.25);

      assertThat(written).isCloseTo(expected, withinPercentage(1e-4));
      assertClose(found, trained.gradient().floats());
    }
  }

  /** More labels than the head takes at a time. */
  private static List<Example> manyLabels() {
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      examples.addAll(TrainingReferenceTest.examples());
    }
    assertThat(examples.stream().mapToInt(Example::labels).sum()).isGreaterThan(100);
    int[] ids = new Random(3).ints(60, 0, 320).toArray();
    boolean[] label = new boolean[60];
    Arrays.fill(label, 5, 60, true);
    examples.add(new Example("long", ids, label));
    return examples;
  }

  private static double byAutograd(AdaptedDecoder decoder, List<Example> examples, double weight) {
    List<Integer> rows = new ArrayList<>();
    List<Integer> tokens = new ArrayList<>();
    int start = 0;
    for (Example example : examples) {
      for (int i = 1; i < example.length(); i++) {
        if (example.label()[i]) {
          rows.add(start + i - 1);
          tokens.add(example.ids()[i]);
        }
      }
      start += example.length();
    }
    Tensor hidden = decoder.hidden(Ragged.of(examples.stream().map(Example::ids).toList()));
    Tensor logits = decoder.logits(hidden.rows(indices(rows)));
    Tensor loss = Functional.pick(Functional.logSoftmax(logits), indices(tokens)).sum().times(-1);
    loss.times(weight).backward();
    return loss.item();
  }

  private static Tensor indices(List<Integer> values) {
    return Tensor.ofIndices(values.stream().mapToInt(Integer::intValue).toArray());
  }

  /**
   * Along a part of the gradient, since along a random direction fp32 leaves no slope to see: step
   * 2e-3, agreement to 1 %.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void backward_alongADirection_isTheDifferenceQuotient(long seed) {
    double step = 2e-3;
    try (Scope _ = Scope.open();
        Decoder decoder = TrainingReferenceTest.decoder();
        LoraParameters trained = TrainingReferenceTest.trained(decoder, "plain")) {
      loss(decoder, trained);
      float[] direction = trained.gradient().floats();
      Random random = new Random(seed);
      double square = 0;
      for (int i = 0; i < direction.length; i++) {
        direction[i] = random.nextBoolean() ? direction[i] : 0;
        square += (double) direction[i] * direction[i];
      }
      double norm = Math.sqrt(square);
      Tensor along = Tensor.of(direction, direction.length).timesInPlace(1 / norm);

      trained.parameters().plusInPlace(along, step);
      double above = loss(decoder, trained);
      trained.parameters().plusInPlace(along, -2 * step);
      double below = loss(decoder, trained);

      assertThat((above - below) / (2 * step)).isCloseTo(norm, withinPercentage(1));
    }
  }

  private static double loss(Decoder decoder, LoraParameters trained) {
    trained.gradient().zeroInPlace();
    return new CrossEntropy()
        .backward(
            new FrozenDecoder(decoder, trained.factors()), TrainingReferenceTest.examples(), 1);
  }
}
