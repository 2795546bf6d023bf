package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.tensor.VectorAttention.Angles;
import dev.palimpsest.tensor.VectorAttention.Attended;
import dev.palimpsest.tensor.VectorAttention.Document;
import dev.palimpsest.tensor.VectorAttention.Heads;
import dev.palimpsest.tensor.VectorAttention.Inputs;
import dev.palimpsest.tensor.VectorAttention.Span;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A pass and its gradients against the definition in fp64. */
@EnabledIf("dev.palimpsest.tensor.VectorAttention#isThere")
class VectorAttentionTest {
  private static final int[] LENGTHS = {1, 3, 4, 5, 17, 63, 64, 65, 130};
  private static final int CONTINUED = 352; // the first row after those
  private static final Span NOBODYS = new Span(CONTINUED + 27, 10);
  private static final Span PADDING = new Span(CONTINUED + 151, 3);
  private static final int ROWS = CONTINUED + 154;
  private static final double BEFORE = -1; // what results have before a pass

  private final int before = Native.threads();

  @AfterEach
  void threads() {
    Native.threads(before);
  }

  /** Of many lengths, and some that go on after one or two others, or after nobody's rows. */
  private static List<Document> documents() {
    List<Document> all = new ArrayList<>();
    int row = 0;
    for (int length : LENGTHS) {
      all.add(new Document(List.of(), new Span(row, length)));
      row += length;
    }
    Span first = new Span(row, 20);
    Span second = new Span(row + 20, 7);
    all.add(new Document(List.of(first), new Span(row + 76, 70)));
    all.add(new Document(List.of(), first));
    all.add(new Document(List.of(first), second));
    all.add(new Document(List.of(first, second), new Span(row + 37, 33)));
    all.add(new Document(List.of(first, second), new Span(row + 70, 6)));
    all.add(new Document(List.of(NOBODYS), new Span(row + 146, 5)));
    return all;
  }

  /** What it sees, its own rows the last. */
  private static int[] rows(Document document) {
    return Stream.concat(document.before().stream(), Stream.of(document.own()))
        .flatMapToInt(each -> IntStream.range(each.start(), each.start() + each.length()))
        .toArray();
  }

  private static Heads heads(int queries, int keyValues, int width, int window) {
    return new Heads(queries, keyValues, width, 1 / Math.sqrt(width), window);
  }

  /**
   * What goes into a pass.
   *
   * @param all heads of each row side by side, as a projection gives them
   */
  private record Given(Heads heads, Tensor all, Angles angles, Tensor gradient) {
    static Given of(Heads heads, DType type, DType results) {
      Random random = new Random(7);
      int width = heads.width();
      int each = heads.queries() + 2 * heads.keyValues();
      return new Given(
          heads,
          random(random, ROWS, each, width).to(type),
          new Angles(table(width, Math::cos, 1), table(width, Math::sin, -1)),
          random(random, ROWS, heads.queries(), width).to(results));
    }

    static Given of(Heads heads) {
      return of(heads, DType.F32, DType.F32);
    }

    private static Tensor random(Random random, long... shape) {
      float[] values = new float[(int) FlatView.elements(shape)];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
      return Tensor.of(values, shape);
    }

    private static Tensor table(int width, DoubleUnaryOperator of, int firstHalf) {
      float[] values = new float[ROWS * width];
      for (int i = 0; i < values.length; i++) {
        int column = i % width;
        double angle = i / width * Math.pow(1e4, -2.0 * (column % (width / 2)) / width);
        values[i] = (float) (of.applyAsDouble(angle) * (column < width / 2 ? firstHalf : 1));
      }
      return Tensor.of(values, ROWS, 1, width);
    }

    Inputs inputs() {
      return views(all, heads);
    }

    Found pass(List<Document> documents) {
      VectorAttention attention = new VectorAttention(heads, documents);
      Tensor output = before(gradient);
      Attended attended = attention.forward(inputs(), angles, output);
      Tensor by = before(all.to(gradient.dtype()));
      attention.backward(inputs(), angles, attended, gradient, views(by, heads));
      return new Found(attended.output(), attended.logSumExp(), by);
    }

    private static Tensor before(Tensor like) {
      return Tensor.zeros(like.dtype(), like.shape()).plusInPlace(BEFORE);
    }
  }

  private static Inputs views(Tensor all, Heads heads) {
    int queries = heads.queries();
    int keys = heads.keyValues();
    return new Inputs(
        all.narrow(1, 0, queries),
        all.narrow(1, queries, keys),
        all.narrow(1, queries + keys, keys));
  }

  /**
   * What a pass gave.
   *
   * @param by the gradient by all heads
   */
  private record Found(Tensor output, Tensor logSumExp, Tensor by) {
    /** The results in some rows: the first {@code heads} of all, those of queries. */
    float[][] in(Span rows, int heads) {
      return new float[][] {
        of(output, rows).floats(),
        of(logSumExp, rows).floats(),
        of(by, rows).narrow(1, 0, heads).floats()
      };
    }
  }

  private static Tensor of(Tensor all, Span rows) {
    return all.narrow(0, rows.start(), rows.length());
  }

  /** The definition, head by head. */
  private static final class Defined {
    private final Heads heads;
    private final int each; // heads of a row
    private final double[] turned; // queries and keys
    private final double[] cosines;
    private final double[] sines;
    private final double[] gradient;
    final double[] output;
    final double[] logSumExp; // NaN in nobody's rows
    final double[] by;

    Defined(Given given, List<Document> documents) {
      heads = given.heads;
      each = heads.queries() + 2 * heads.keyValues();
      cosines = given.angles.cosines().doubles();
      sines = given.angles.sines().doubles();
      turned = given.all.doubles();
      gradient = given.gradient.doubles();
      output = filled(gradient.length, BEFORE);
      logSumExp = filled(ROWS * heads.queries(), Double.NaN);
      by = filled(turned.length, BEFORE);
      for (int row = 0; row < ROWS; row++) {
        turn(turned, row, 0, each - heads.keyValues(), 1);
      }
      documents.forEach(this::clear);
      documents.forEach(this::add);
      turnBack(documents);
    }

    private static double[] filled(int count, double value) {
      double[] made = new double[count];
      Arrays.fill(made, value);
      return made;
    }

    private void turn(double[] values, int row, int first, int last, int direction) {
      int half = heads.width() / 2;
      for (int head = first; head < last; head++) {
        int at = at(row, head);
        for (int i = 0; i < half; i++) {
          double a = values[at + i];
          double b = values[at + half + i];
          double cosine = cosines[row * heads.width() + i];
          double sine = direction * sines[row * heads.width() + half + i];
          values[at + i] = a * cosine - b * sine;
          values[at + half + i] = b * cosine + a * sine;
        }
      }
    }

    private int at(int row, int head) {
      return (row * each + head) * heads.width();
    }

    private void clear(Document document) {
      for (int row : rows(document)) {
        Arrays.fill(by, at(row, heads.queries()), at(row + 1, 0), 0);
      }
      for (int row = document.own().start(); row < end(document); row++) {
        Arrays.fill(by, at(row, 0), at(row, heads.queries()), 0);
        int width = heads.queries() * heads.width();
        Arrays.fill(output, row * width, (row + 1) * width, 0);
      }
    }

    private static int end(Document document) {
      return document.own().start() + document.own().length();
    }

    private void turnBack(List<Document> documents) {
      boolean[] seen = new boolean[ROWS];
      for (Document document : documents) {
        for (int row : rows(document)) {
          if (!seen[row]) {
            turn(by, row, heads.queries(), each - heads.keyValues(), -1);
          }
          seen[row] = true;
        }
        for (int row = document.own().start(); row < end(document); row++) {
          turn(by, row, 0, heads.queries(), -1);
        }
      }
    }

    private void add(Document document) {
      int[] rows = rows(document);
      for (int i = rows.length - document.own().length(); i < rows.length; i++) {
        int from = heads.window() == 0 ? 0 : Math.max(0, i + 1 - heads.window());
        for (int head = 0; head < heads.queries(); head++) {
          add(Arrays.copyOfRange(rows, from, i + 1), head);
        }
      }
    }

    // the last of the rows that it sees is its own
    private void add(int[] seen, int head) {
      int own = seen[seen.length - 1];
      int query = at(own, head);
      int out = (own * heads.queries() + head) * heads.width();
      int key = heads.queries() + head / (heads.queries() / heads.keyValues());
      double[] weights = new double[seen.length];
      Arrays.setAll(weights, i -> heads.scale() * dot(turned, query, turned, at(seen[i], key)));
      double most = Arrays.stream(weights).max().orElseThrow();
      double sum = Arrays.stream(weights).map(each -> Math.exp(each - most)).sum();
      logSumExp[own * heads.queries() + head] = most + Math.log(sum);
      for (int i = 0; i < seen.length; i++) {
        weights[i] = Math.exp(weights[i] - most) / sum;
        add(weights[i], turned, value(seen[i], key), output, out);
      }
      double mean = dot(gradient, out, output, out);
      for (int i = 0; i < seen.length; i++) {
        int value = value(seen[i], key);
        double byWeight = dot(gradient, out, turned, value);
        double byScore = heads.scale() * weights[i] * (byWeight - mean);
        add(weights[i], gradient, out, by, value);
        add(byScore, turned, at(seen[i], key), by, query);
        add(byScore, turned, query, by, at(seen[i], key));
      }
    }

    private int value(int row, int key) {
      return at(row, key + heads.keyValues());
    }

    private double dot(double[] a, int from, double[] b, int at) {
      double sum = 0;
      for (int i = 0; i < heads.width(); i++) {
        sum += a[from + i] * b[at + i];
      }
      return sum;
    }

    private void add(double factor, double[] x, int from, double[] into, int at) {
      for (int i = 0; i < heads.width(); i++) {
        into[at + i] += factor * x[from + i];
      }
    }
  }

  /** Every width with every window. */
  static Stream<Arguments> cases() {
    int[] widths = {8, 24, 64, 80, 128};
    int[] windows = {0, 1, 5, 70};
    int[][] counts = {{4, 2}, {3, 3}, {9, 3}};
    List<Arguments> cases = new ArrayList<>();
    for (int i = 0; i < widths.length; i++) {
      for (int j = 0; j < windows.length; j++) {
        int[] count = counts[(i + j) % counts.length];
        cases.add(Arguments.of(count[0], count[1], widths[i], windows[j]));
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void pass_manyDocuments_isTheDefinition(int queries, int keyValues, int width, int window) {
    Native.threads(2);
    try (Scope _ = Scope.open()) {
      Given given = Given.of(heads(queries, keyValues, width, window));
      assertDefined(given, new Defined(given, documents()), 1e-5);
    }
  }

  /** Sums are F32 whatever goes in. */
  @ParameterizedTest
  @MethodSource("cases")
  void pass_ofNarrowHeads_isTheDefinition(int queries, int keyValues, int width, int window) {
    Native.threads(2);
    try (Scope _ = Scope.open()) {
      Given given = Given.of(heads(queries, keyValues, width, window), DType.BF16, DType.BF16);
      Given wide = new Given(given.heads, given.all, given.angles, given.gradient.to(DType.F32));
      Defined defined = new Defined(given, documents());

      assertDefined(wide, defined, 1e-5);
      assertDefined(given, defined, 1e-2);
    }
  }

  private static void assertDefined(Given given, Defined defined, double error) {
    Found found = given.pass(documents());
    Inputs by = views(found.by, given.heads);
    Inputs expected = views(Tensor.of(defined.by, given.all.shape()), given.heads);

    assertClose("output", found.output.doubles(), defined.output, error);
    assertClose("log sum exp", found.logSumExp.doubles(), defined.logSumExp, 1e-5);
    assertClose("by q", by.q().doubles(), expected.q().doubles(), error);
    assertClose("by k", by.k().doubles(), expected.k().doubles(), error);
    assertClose("by v", by.v().doubles(), expected.v().doubles(), error);
  }

  /** Relative to the largest; where nothing is defined anything goes. */
  private static void assertClose(String name, double[] found, double[] defined, double error) {
    double largest = 0;
    double worst = 0;
    for (int i = 0; i < defined.length; i++) {
      if (!Double.isNaN(defined[i])) {
        largest = Math.max(largest, Math.abs(defined[i]));
        worst = Math.max(worst, Math.abs(found[i] - defined[i]));
      }
    }
    assertThat(found).hasSameSizeAs(defined);
    assertThat(worst).as(name).isLessThan(error * largest);
  }

  @ParameterizedTest
  @CsvSource({"F32, F32", "BF16, BF16", "BF16, F32"})
  void pass_rowsOfNoDocument_areLeftAsTheyAre(DType type, DType results) {
    try (Scope _ = Scope.open()) {
      Given given = Given.of(heads(4, 2, 24, 0), type, results);

      Found found = given.pass(documents());

      Inputs by = views(found.by, given.heads);
      assertThat(of(found.output, PADDING).floats()).containsOnly((float) BEFORE);
      assertThat(of(found.by, PADDING).floats()).containsOnly((float) BEFORE);
      assertThat(of(found.output, NOBODYS).floats()).containsOnly((float) BEFORE);
      assertThat(of(by.q(), NOBODYS).floats()).containsOnly((float) BEFORE);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5})
  void pass_aDocumentsBits_doNotHangOnItsCompany(int window) {
    try (Scope _ = Scope.open()) {
      Heads heads = heads(9, 3, 80, window);
      Given given = Given.of(heads);
      List<Document> all = documents();
      List<Span> continued = all.stream().flatMap(each -> each.before().stream()).toList();
      Found together = given.pass(all);
      for (Document document : all) {
        Span own = document.own();
        int compared = continued.contains(own) ? heads.queries() : (int) given.all.size(1);

        Found alone = given.pass(List.of(document));

        assertThat(alone.in(own, compared)).isDeepEqualTo(together.in(own, compared));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"4, 2, 64, 0", "9, 3, 24, 70"})
  void pass_itsBits_doNotHangOnThreads(int queries, int keyValues, int width, int window) {
    try (Scope _ = Scope.open()) {
      Given given = Given.of(heads(queries, keyValues, width, window), DType.BF16, DType.F32);
      Native.threads(1);
      Found one = given.pass(documents());
      Native.threads(2);
      Found two = given.pass(documents());

      assertThat(two.by.floats()).isEqualTo(one.by.floats());
      for (Document document : documents()) {
        assertThat(two.in(document.own(), queries)).isDeepEqualTo(one.in(document.own(), queries));
      }
    }
  }

  @Test
  void pass_afterOneThatIsNotANumber_hasNothingOfIt() {
    Native.threads(1); // both passes have the same arrays
    try (Scope _ = Scope.open()) {
      Given given = Given.of(heads(4, 2, 24, 5));
      float[] expected = given.pass(documents()).by.floats();
      Tensor none = Tensor.zeros(DType.F32, ROWS, 8, 40).plusInPlace(Double.NaN);
      Given wider = Given.of(heads(4, 2, 40, 0));
      new Given(wider.heads, none, wider.angles, wider.gradient).pass(documents());

      float[] found = given.pass(documents()).by.floats();

      assertThat(found).isEqualTo(expected);
    }
  }

  @Test
  void backward_aSpanThatTwoContinue_getsBothGradients() {
    try (Scope _ = Scope.open()) {
      Given given = Given.of(heads(4, 2, 64, 0));
      Span shared = new Span(10, 30);
      Document one = new Document(List.of(shared), new Span(40, 20));
      Document other = new Document(List.of(shared), new Span(60, 70));

      Tensor both = keyValues(given, List.of(one, other), shared);

      Tensor ofOne = keyValues(given, List.of(one), shared);
      Tensor ofOther = keyValues(given, List.of(other), shared);
      assertClose("sum", both.doubles(), ofOne.plus(ofOther).doubles(), 1e-6);
      assertThat(ofOne.abs().sum().item()).isGreaterThan(100);
      assertThat(ofOther.abs().sum().item()).isGreaterThan(100);
    }
  }

  private static Tensor keyValues(Given given, List<Document> documents, Span rows) {
    int queries = given.heads.queries();
    return of(given.pass(documents).by, rows).narrow(1, queries, given.all.size(1) - queries);
  }

  @ParameterizedTest
  @CsvSource({"F32, 0", "F32, 5", "BF16, 0"})
  void pass_extremeScores_hasWeightsThatSumToOne(DType type, int window) {
    try (Scope _ = Scope.open()) {
      Given given = Given.of(heads(4, 2, 64, window), type, DType.F32);
      given.all.timesInPlace(1e4);
      given.inputs().v().zeroInPlace().plusInPlace(3);

      Found found = given.pass(documents());

      assertThat(found.by.isFinite()).isTrue();
      for (Document document : documents()) {
        Tensor difference = of(found.output, document.own()).plusInPlace(-3).abs();
        assertThat(of(found.logSumExp, document.own()).isFinite()).isTrue();
        assertThat(difference.smallest(difference.count())).isLessThan(1e-5);
      }
    }
  }

  @Test
  void forward_headsOfAnotherKind_areRefused() {
    try (Scope _ = Scope.open()) {
      Given given = Given.of(heads(4, 2, 64, 0));
      VectorAttention attention = new VectorAttention(given.heads, documents());
      Inputs wide = views(given.all.to(DType.F64), given.heads);
      Inputs scattered = views(given.all.transpose(1, 2).contiguous().transpose(1, 2), given.heads);
      Tensor output = Tensor.zeros(DType.F32, ROWS, 4, 64);

      for (Inputs inputs : List.of(wide, scattered)) {
        assertThatThrownBy(() -> attention.forward(inputs, given.angles, output))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("side by side in F32 or BF16");
      }
    }
  }
}
