package dev.palimpsest.report;

import java.util.List;

/**
 * What a page shows.
 *
 * @param finding one sentence, at the top
 * @param arms in the order in which they are shown
 * @param texts coloured by the change of each token's log-probability
 * @param settings settings, hashes, versions
 */
public record ReportData(
    String title,
    String finding,
    List<ArmReport> arms,
    List<ColouredText> texts,
    List<Fact> settings) {
  /** Copies the lists. */
  public ReportData {
    arms = List.copyOf(arms);
    texts = List.copyOf(texts);
    settings = List.copyOf(settings);
  }
}
