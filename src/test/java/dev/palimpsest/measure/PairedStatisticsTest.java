package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.run.Json;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Against reference/paired_statistics.py, and against simulated and enumerated truth. */
class PairedStatisticsTest {
  private static final JsonNode REFERENCE =
      Json.mapper()
          .readTree(
              Objects.requireNonNull(
                  PairedStatisticsTest.class.getResourceAsStream(
                      "/reference/paired_statistics.json")));

  private static final int SIMULATIONS = 10_000;

  private static double[] doubles(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false)
        .mapToDouble(JsonNode::asDouble)
        .toArray();
  }

  private static PairedCounts counts(JsonNode table) {
    return new PairedCounts(
        table.get("kept").asInt(),
        table.get("lost").asInt(),
        table.get("won").asInt(),
        table.get("neither").asInt());
  }

  @Test
  void mcnemar_allChangesOneWay_keepsItsSmallTail() {
    double expected = 2 * Math.pow(0.5, 60);

    assertThat(new PairedCounts(0, 0, 60, 60).mcnemarP() / expected).isCloseTo(1, within(1e-9));
  }

  @Test
  void tables_intervalsAndPs_agreeWithTheReference() {
    assertThat(REFERENCE.get("tables").size()).isGreaterThan(10);
    for (JsonNode table : REFERENCE.get("tables")) {
      PairedCounts counts = counts(table);
      String name = counts.toString();
      Interval interval = counts.interval();
      assertThat(counts.few()).as(name).isEqualTo(table.get("few").asBoolean());
      assertThat(interval.method())
          .as(name)
          .isEqualTo(counts.few() ? Interval.Method.EXACT : Interval.Method.SCORE);
      assertThat(interval.low()).as(name).isCloseTo(table.get("low").asDouble(), within(1e-9));
      assertThat(interval.high()).as(name).isCloseTo(table.get("high").asDouble(), within(1e-9));
      assertThat(counts.mcnemarP())
          .as(name)
          .isCloseTo(table.get("mcnemar_p").asDouble(), within(1e-9));
      assertThat(counts.pBelow(-0.01))
          .as(name)
          .isCloseTo(table.get("p_below_minus_one_percent").asDouble(), within(1e-9));
    }
  }

  @Test
  void counts_ofPairs_fillTheRightCells() {
    boolean[] before = {true, true, true, false, false, false, false};
    boolean[] after = {true, false, false, true, false, false, false};
    PairedCounts counts = PairedCounts.of(before, after);
    assertThat(counts).isEqualTo(new PairedCounts(1, 2, 1, 3));
    assertThat(counts.before()).isEqualTo(3 / 7.0);
    assertThat(counts.after()).isEqualTo(2 / 7.0);
    assertThat(counts.delta()).isEqualTo(-1 / 7.0);
    assertThat(counts.agreement()).isEqualTo(4 / 7.0);
  }

  @Test
  void interval_withLostAndWonExchanged_isMirrored() {
    for (PairedCounts counts :
        new PairedCounts[] {new PairedCounts(50, 7, 2, 40), new PairedCounts(50, 30, 12, 40)}) {
      Interval straight = counts.interval();
      Interval mirrored = counts.mirrored().interval();
      assertThat(mirrored.low()).isEqualTo(-straight.high());
      assertThat(mirrored.high()).isEqualTo(-straight.low());
    }
  }

  @Test
  void pBelow_isUnderAHalfAlpha_whereTheIntervalLiesBelow() {
    for (PairedCounts counts :
        new PairedCounts[] {new PairedCounts(300, 14, 2, 84), new PairedCounts(300, 40, 12, 48)}) {
      double high = counts.interval().high();
      assertThat(counts.pBelow(high + 1e-6)).isLessThan(0.025);
      assertThat(counts.pBelow(high - 1e-6)).isGreaterThanOrEqualTo(0.025);
      double low = counts.interval().low();
      assertThat(counts.pAbove(low - 1e-6)).isLessThan(0.025);
    }
  }

  /** n, probability of lost, probability of won: at least 20 discordant items expected. */
  @ParameterizedTest
  @CsvSource({
    "200, 0.05, 0.05",
    "200, 0.10, 0.00",
    "200, 0.30, 0.10",
    "500, 0.09, 0.04",
    "1000, 0.02, 0.005",
    "2000, 0.012, 0.003",
    "5000, 0.10, 0.10"
  })
  void interval_onSimulatedItems_coversTheTruthIn93To97Percent(int n, double lost, double won) {
    SplittableRandom random = new SplittableRandom(20_260_101);
    Map<PairedCounts, Interval> known = new HashMap<>();
    int covered = 0;
    int falselyLost = 0;
    for (int i = 0; i < SIMULATIONS; i++) {
      PairedCounts counts = draw(random, n, lost, won);
      Interval interval = known.computeIfAbsent(counts, PairedCounts::interval);
      covered += interval.contains(won - lost) ? 1 : 0;
      falselyLost += interval.high() < won - lost ? 1 : 0;
    }
    assertThat((double) covered / SIMULATIONS).isBetween(0.93, 0.97);
    assertThat((double) falselyLost / SIMULATIONS).isLessThan(0.05);
  }

  /**
   * Lost by inversion over a binomial walk, won among the rest; the outcome before is no matter.
   */
  private static PairedCounts draw(SplittableRandom random, int n, double lost, double won) {
    int lostItems = binomial(random, n, lost);
    int wonItems = binomial(random, n - lostItems, won / (1 - lost));
    return new PairedCounts(0, lostItems, wonItems, n - lostItems - wonItems);
  }

  private static int binomial(SplittableRandom random, int n, double p) {
    if (p == 0) {
      return 0;
    }
    // distances between successes are geometric
    int successes = 0;
    double position = 0;
    while (true) {
      position += Math.floor(Math.log(1 - random.nextDouble()) / Math.log1p(-p)) + 1;
      if (position > n) {
        return successes;
      }
      successes++;
    }
  }

  /** Every table of n items, each with its probability: no simulation. */
  @Test
  void exactInterval_overAllTables_coversAtLeast95Percent() {
    int n = 15;
    Map<PairedCounts, Interval> intervals = new HashMap<>();
    for (int lost = 0; lost <= n; lost++) {
      for (int won = 0; won <= n - lost; won++) {
        PairedCounts counts = new PairedCounts(0, lost, won, n - lost - won);
        intervals.put(counts, counts.interval());
      }
    }
    double least = 1;
    for (double lost = 0.02; lost < 0.9; lost += 0.073) {
      for (double won = 0.005; won < 0.95 - lost; won += 0.061) {
        least = Math.min(least, coverage(intervals, n, lost, won));
      }
    }
    assertThat(least).isBetween(0.95, 0.99);
  }

  private static double coverage(
      Map<PairedCounts, Interval> intervals, int n, double lost, double won) {
    double sum = 0;
    for (Map.Entry<PairedCounts, Interval> entry : intervals.entrySet()) {
      if (entry.getValue().contains(won - lost)) {
        PairedCounts c = entry.getKey();
        double ways = 1;
        for (int i = 1; i <= c.lost(); i++) {
          ways *= (n - i + 1.0) / i;
        }
        for (int i = 1; i <= c.won(); i++) {
          ways *= (n - c.lost() - i + 1.0) / i;
        }
        sum +=
            ways
                * Math.pow(lost, c.lost())
                * Math.pow(won, c.won())
                * Math.pow(1 - lost - won, c.neither());
      }
    }
    return sum;
  }

  @Test
  void interval_whereNothingChanged_hasAWidth() {
    Interval interval = new PairedCounts(400, 0, 0, 100).interval();
    // no item of 500: a share of 3.7 in 500 lost would still go unseen in 1 of 40 cases
    assertThat(interval.low()).isBetween(-0.0076, -0.0073);
    assertThat(interval.high()).isEqualTo(-interval.low());
  }

  @Test
  void ratios_agreeWithTheReference() {
    assertThat(REFERENCE.get("ratios").size()).isEqualTo(3);
    for (JsonNode node : REFERENCE.get("ratios")) {
      Ratio ratio = Ratio.of(doubles(node.get("amounts")), doubles(node.get("sizes")));
      assertThat(ratio.value()).isCloseTo(node.get("value").asDouble(), within(1e-12));
      Interval interval = ratio.interval().orElseThrow();
      assertThat(interval.method()).isEqualTo(Interval.Method.CLUSTERED);
      assertThat(interval.low()).isCloseTo(node.get("low").asDouble(), within(1e-9));
      assertThat(interval.high()).isCloseTo(node.get("high").asDouble(), within(1e-9));
    }
  }

  @Test
  void ratio_ofOneText_hasNoInterval() {
    Ratio ratio = Ratio.of(new double[] {3}, new double[] {4});
    assertThat(ratio.value()).isEqualTo(0.75);
    assertThat(ratio.interval()).isEmpty();
  }

  @Test
  void clusteredIntervals_agreeWithTheReference() {
    assertThat(REFERENCE.get("clustered").size()).isEqualTo(5);
    for (JsonNode node : REFERENCE.get("clustered")) {
      double[] change = doubles(node.get("change"));
      List<String> documents =
          StreamSupport.stream(node.get("document").spliterator(), false)
              .map(JsonNode::asString)
              .toList();
      Clusters clusters = Clusters.of(change, documents);
      Outcome.Rates rates = new Outcome.Rates(table(change), Optional.of(clusters));
      assertThat(clusters.designEffect())
          .isCloseTo(node.get("design_effect").asDouble(), within(1e-9));
      assertThat(clusters.completeEffect())
          .isCloseTo(node.get("complete_effect").asDouble(), within(1e-9));
      assertThat(rates.counts().few()).isEqualTo(node.get("few").asBoolean());
      Interval interval = rates.interval().orElseThrow();
      assertThat(interval.method()).isEqualTo(Interval.Method.CLUSTERED);
      assertThat(interval.low()).isCloseTo(node.get("low").asDouble(), within(1e-9));
      assertThat(interval.high()).isCloseTo(node.get("high").asDouble(), within(1e-9));
      assertThat(rates.pLost(0.01))
          .isCloseTo(node.get("p_below_minus_one_percent").asDouble(), within(1e-9));
    }
  }

  private static PairedCounts table(double[] change) {
    int lost = (int) Arrays.stream(change).filter(c -> c < 0).count();
    int won = (int) Arrays.stream(change).filter(c -> c > 0).count();
    return new PairedCounts(0, lost, won, change.length - lost - won);
  }

  @Test
  void cluster_ofOneDocument_decidesNothing() {
    Outcome.Rates rates =
        new Outcome.Rates(
            new PairedCounts(0, 30, 0, 0),
            Optional.of(Clusters.of(table(0, 30, 0), Collections.nCopies(30, "d"))));
    assertThat(rates.interval()).isEmpty();
    assertThat(rates.pLost(0.01)).isEqualTo(1);
    assertThat(rates.itemsToDecide(0.01, 0.025)).isEmpty();
  }

  private static double[] table(int kept, int lost, int won) {
    double[] change = new double[kept + lost + won];
    Arrays.fill(change, kept, kept + lost, -1);
    Arrays.fill(change, kept + lost, change.length, 1);
    return change;
  }

  /**
   * Documents, items of each, share of documents lost and won as a whole, share of the other items
   * lost and won.
   */
  @ParameterizedTest
  @CsvSource({
    "200, 5, 0.10, 0.05, 0.05, 0.03",
    "200, 5, 0.05, 0.05, 0.05, 0.05",
    "40, 25, 0.05, 0.05, 0.10, 0.03",
    "300, 3, 0.05, 0.02, 0.03, 0.01",
    "100, 10, 0.00, 0.00, 0.03, 0.01"
  })
  void clusteredInterval_onSimulatedDocuments_coversTheTruthIn93To97Percent(
      int documents, int size, double lostWhole, double wonWhole, double lost, double won) {
    SplittableRandom random = new SplittableRandom(20_260_102);
    double truth = wonWhole - lostWhole + (1 - lostWhole - wonWhole) * (won - lost);
    int covered = 0;
    int falselyLost = 0;
    for (int i = 0; i < SIMULATIONS; i++) {
      Outcome.Rates drawn =
          documents(random, documents, size, new double[] {lostWhole, wonWhole, lost, won});
      // the interval's own tests: its limits need not be searched
      boolean below = drawn.pLost(-truth) < 0.025;
      falselyLost += below ? 1 : 0;
      covered += below || drawn.pKept(-truth) < 0.025 ? 0 : 1;
    }
    assertThat((double) covered / SIMULATIONS).isBetween(0.93, 0.97);
    assertThat((double) falselyLost / SIMULATIONS).isLessThan(0.05);
  }

  private static Outcome.Rates documents(
      SplittableRandom random, int documents, int size, double[] shares) {
    double squares = 0;
    int lost = 0;
    int won = 0;
    int[] sums = new int[documents];
    for (int d = 0; d < documents; d++) {
      double fate = random.nextDouble();
      int down = fate < shares[0] ? size : 0;
      int up = down == 0 && fate < shares[0] + shares[1] ? size : 0;
      if (down + up == 0) {
        down = binomial(random, size, shares[2]);
        up = binomial(random, size - down, shares[3] / (1 - shares[2]));
      }
      lost += down;
      won += up;
      sums[d] = up - down;
    }
    int n = documents * size;
    double delta = (won - lost) / (double) n;
    for (int sum : sums) {
      squares += Math.pow(sum - delta * size, 2);
    }
    // as Clusters.of, from the sums
    double clustered = squares * documents / (documents - 1);
    double independent = (lost + won - n * delta * delta) * n / (n - 1.0);
    double effect = independent == 0 ? size : Math.max(1, clustered / independent);
    return new Outcome.Rates(
        new PairedCounts(0, lost, won, n - lost - won),
        Optional.of(new Clusters(documents, effect, Math.max(effect, size))));
  }

  /** A probe that lost exactly the margin is told to be kept in 2.5 % of cases, and so for lost. */
  @ParameterizedTest
  @CsvSource({"1000, 0.04, 0.03", "2000, 0.02, 0.01", "500, 0.10, 0.09"})
  void nonInferiority_atTheMargin_isFalselyShownInAtMost5Percent(int n, double lost, double won) {
    SplittableRandom random = new SplittableRandom(20_260_103);
    int kept = 0;
    int power = 0;
    for (int i = 0; i < SIMULATIONS; i++) {
      kept += draw(random, n, lost, won).pAbove(-0.01) <= Significance.LEVEL ? 1 : 0;
      power += draw(random, 20 * n, won, lost).pAbove(-0.01) <= Significance.LEVEL ? 1 : 0;
    }
    assertThat((double) kept / SIMULATIONS).isBetween(0.01, 0.04);
    assertThat((double) power / SIMULATIONS).isGreaterThan(0.9);
  }

  /** Ten probes, four of which did lose more than the margin: none of the others is called lost. */
  @Test
  void holm_overSimulatedProbes_keepsTheRiskOfAnyFalseAlarm() {
    SplittableRandom random = new SplittableRandom(20_260_104);
    int falseAlarms = 0;
    int uncorrected = 0;
    int found = 0;
    for (int i = 0; i < SIMULATIONS; i++) {
      double[] p = new double[10];
      Arrays.setAll(
          p, k -> draw(random, 800, k < 4 ? 0.09 : 0.04, k < 4 ? 0.01 : 0.03).pBelow(-0.01));
      double[] adjusted = Significance.holm(p);
      double[] levels = Significance.holmLevels(p, Significance.LEVEL);
      for (int k = 0; k < p.length; k++) {
        assertThat(adjusted[k] <= Significance.LEVEL).isEqualTo(p[k] <= levels[k]);
      }
      falseAlarms += Arrays.stream(adjusted, 4, 10).anyMatch(q -> q <= 0.025) ? 1 : 0;
      uncorrected += Arrays.stream(p, 4, 10).anyMatch(q -> q <= 0.025) ? 1 : 0;
      found += (int) Arrays.stream(adjusted, 0, 4).filter(q -> q <= 0.025).count();
    }
    assertThat((double) falseAlarms / SIMULATIONS).isLessThan(0.03);
    assertThat((double) uncorrected / SIMULATIONS).isGreaterThan(0.08);
    assertThat(found / (4.0 * SIMULATIONS)).isGreaterThan(0.9);
  }

  /** The number of items that would decide does decide in four of five cases. */
  @ParameterizedTest
  @CsvSource({"300, 0.04, 0.03, 0.03", "200, 0.10, 0.02, 0.03", "150, 0.02, 0.02, 0.02"})
  void itemsToDecide_decideWithThePowerSaid(int n, double lost, double won, double margin) {
    PairedCounts seen =
        new PairedCounts(
            0,
            (int) Math.round(lost * n),
            (int) Math.round(won * n),
            n - (int) Math.round(lost * n) - (int) Math.round(won * n));
    Outcome.Rates rates = new Outcome.Rates(seen);
    int needed = (int) rates.itemsToDecide(margin, Significance.LEVEL).orElseThrow();
    assertThat(needed).isGreaterThan(n);
    SplittableRandom random = new SplittableRandom(20_260_105);
    int decided = 0;
    for (int i = 0; i < 4000; i++) {
      PairedCounts more = draw(random, needed, lost, won);
      decided += Math.min(more.pBelow(-margin), more.pAbove(-margin)) <= Significance.LEVEL ? 1 : 0;
    }
    assertThat(decided / 4000.0).isBetween(0.75, 0.92);
  }

  @Test
  void itemsToDecide_whereNothingChanged_areThoseOfTheExactInterval() {
    Outcome.Rates rates = new Outcome.Rates(new PairedCounts(50, 0, 0, 50));
    assertThat(rates.pKept(0.01)).isGreaterThan(0.025);
    long needed = rates.itemsToDecide(0.01, Significance.LEVEL).orElseThrow();
    assertThat(needed).isBetween(370L, 1000L);
    assertThat(new PairedCounts(0, 0, 0, (int) needed).pAbove(-0.01)).isLessThan(0.025);
  }

  @Test
  void holm_agreesWithTheReference() {
    for (JsonNode node : REFERENCE.get("holm")) {
      assertThat(Significance.holm(doubles(node.get("p"))))
          .containsExactly(doubles(node.get("adjusted")), within(1e-12));
    }
  }

  @Test
  void itemsNeeded_agreeWithTheReference() {
    for (JsonNode node : REFERENCE.get("items_needed")) {
      long items =
          Significance.itemsNeeded(
              node.get("change").asDouble(),
              node.get("churn").asDouble(),
              node.get("power").asDouble());
      assertThat(items).isEqualTo(node.get("items").asLong());
    }
    assertThatThrownBy(() -> Significance.itemsNeeded(0.2, 0.1, 0.8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("churn 0.1");
  }
}
