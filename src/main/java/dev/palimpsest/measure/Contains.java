package dev.palimpsest.measure;

/** The normalised completion stands in the normalised answer, at word borders. */
record Contains() implements Grader {
  static Contains of(Metric metric, String where) {
    metric.allow(where);
    return new Contains();
  }

  @Override
  public boolean right(String completion, String answer) {
    String words = " " + ExactMatch.normalised(answer) + " ";
    return words.contains(" " + ExactMatch.normalised(completion) + " ");
  }

  @Override
  public void check(String completion) {
    new ExactMatch().check(completion);
  }
}
