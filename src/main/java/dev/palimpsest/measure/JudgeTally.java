package dev.palimpsest.measure;

/**
 * How a judge did, in this call or an earlier one whose verdicts are kept.
 *
 * @param compared answers that were put to it in both orders, labelled ones included
 * @param turned verdicts that the order changed
 * @param bothRight labelled answers that people and judge find as good as the completion
 * @param humanRight only people do
 * @param judgeRight only the judge does
 * @param bothWrong neither does
 */
public record JudgeTally(
    int compared, int turned, int bothRight, int humanRight, int judgeRight, int bothWrong) {
  static final JudgeTally NONE = new JudgeTally(0, 0, 0, 0, 0, 0);

  JudgeTally compared(Judge.Verdict verdict) {
    int more = verdict.turned() ? 1 : 0;
    return plus(new JudgeTally(1, more, 0, 0, 0, 0));
  }

  JudgeTally labelled(boolean human, boolean judge) {
    return plus(
        new JudgeTally(
            0,
            0,
            human && judge ? 1 : 0,
            human && !judge ? 1 : 0,
            !human && judge ? 1 : 0,
            human || judge ? 0 : 1));
  }

  JudgeTally plus(JudgeTally other) {
    return new JudgeTally(
        compared + other.compared,
        turned + other.turned,
        bothRight + other.bothRight,
        humanRight + other.humanRight,
        judgeRight + other.judgeRight,
        bothWrong + other.bothWrong);
  }

  /** Answers that people have labelled. */
  public int labelled() {
    return bothRight + humanRight + judgeRight + bothWrong;
  }

  /** Labelled answers of which both say the same. */
  public int agreed() {
    return bothRight + bothWrong;
  }

  /** Cohen's kappa: agreement beyond chance; NaN where chance alone would agree always. */
  public double kappa() {
    double n = labelled();
    double human = (bothRight + humanRight) / n;
    double judge = (bothRight + judgeRight) / n;
    double chance = human * judge + (1 - human) * (1 - judge);
    return chance == 1 ? Double.NaN : (agreed() / n - chance) / (1 - chance);
  }
}
