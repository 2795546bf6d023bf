package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TokenLogprobsTest {
  private static final int ROWS = 37;

  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  static Stream<Arguments> shapes() {
    return Stream.of(DType.F32, DType.BF16)
        .flatMap(type -> Stream.of(3, 1000, 5003).map(width -> Arguments.of(type, width)));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void areWhatTheDefinitionSays(DType type, int width) {
    float[] values = logits(width);
    Tensor logits = Tensor.of(values, ROWS, width).to(type);
    double[] exact = logits.doubles();
    int[] tokens = tokens(width);
    TokenLogprobs found = TokenLogprobs.inPlaceOf(logits.copy(), tokens);
    double loss = TokenLogprobs.backward(logits, tokens);
    double defined = 0;
    float[] gradient = logits.floats();
    for (int row = 0; row < ROWS; row++) {
      double[] shares = softmax(Arrays.copyOfRange(exact, row * width, (row + 1) * width));
      double logprob = Math.log(shares[tokens[row]]);
      assertThat((double) found.logprobs()[row]).isCloseTo(logprob, within(ulps(logprob)));
      defined -= logprob;
      for (int i = 0; i < width; i++) {
        double by = shares[i] - (i == tokens[row] ? 1 : 0);
        double allowed = type == DType.F32 ? 2e-6 : Math.abs(by) / 256 + 1e-6;
        assertThat((double) gradient[row * width + i]).isCloseTo(by, within(allowed));
      }
    }
    assertThat(loss).isCloseTo(defined, within(1e-6 * defined));
  }

  private static double ulps(double value) {
    return 4e-6 + 2 * Math.ulp((float) value);
  }

  private static double[] softmax(double[] logits) {
    double most = Arrays.stream(logits).max().orElseThrow();
    double[] values = Arrays.stream(logits).map(x -> Math.exp(x - most)).toArray();
    double sum = Arrays.stream(values).sum();
    return Arrays.stream(values).map(x -> x / sum).toArray();
  }

  private static float[] logits(int width) {
    Random random = new Random(width);
    float[] values = new float[ROWS * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian() * (i < width ? 40 : 4) - i / width * 5;
    }
    return values;
  }

  private static int[] tokens(int width) {
    return new Random(1).ints(ROWS, 0, width).toArray();
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void ofEqualOnesTheFirstIsTop(DType type, int width) {
    int first = width / 2;
    int second = width - 1;
    float[] values = new float[4 * width];
    for (int row = 0; row < 3; row++) {
      values[row * width + first] = 2;
      values[row * width + second] = 2;
    }
    Tensor logits = Tensor.of(values, 4, width).to(type);
    assertThat(TokenLogprobs.inPlaceOf(logits, new int[] {first, second, 0, 0}).top())
        .containsExactly(true, false, false, true);
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void aRowThatIsNoNumberHasNoLogprob(DType type, int width) {
    float[] values = logits(width);
    values[2 * width] = Float.NaN;
    values[4 * width + width - 1] = Float.NaN;
    float[] found =
        TokenLogprobs.inPlaceOf(Tensor.of(values, ROWS, width).to(type), new int[ROWS]).logprobs();
    for (int row = 0; row < ROWS; row++) {
      assertThat(Float.isNaN(found[row])).isEqualTo(row == 2 || row == 4);
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void tokensThatCannotBeAddNothing(DType type, int width) {
    float[] values = new float[width];
    Arrays.fill(values, 1, width, Float.NEGATIVE_INFINITY);
    Tensor logits = Tensor.of(values, 1, width).to(type);
    TokenLogprobs found = TokenLogprobs.inPlaceOf(logits.copy(), new int[1]);
    assertThat(found.logprobs()).containsExactly(0f);
    assertThat(found.top()).containsExactly(true);
    assertThat(TokenLogprobs.backward(logits, new int[1])).isZero();
    for (float each : logits.floats()) {
      assertThat(each).isCloseTo(0f, within(1e-30f));
    }
  }

  @Test
  void aRowsBitsDoNotHangOnItsCompany() {
    int width = 5003;
    Tensor logits = Tensor.of(logits(width), ROWS, width);
    int[] tokens = tokens(width);
    Tensor alone = logits.narrow(0, 3, 1).copy();
    int[] its = {tokens[3]};
    float one = TokenLogprobs.inPlaceOf(alone.copy(), its).logprobs()[0];
    assertThat(one).isEqualTo(TokenLogprobs.inPlaceOf(logits.copy(), tokens).logprobs()[3]);
    TokenLogprobs.backward(alone, its);
    TokenLogprobs.backward(logits, tokens);
    assertThat(alone.floats()).isEqualTo(logits.narrow(0, 3, 1).floats());
  }
}
