package dev.palimpsest.data;

import dev.palimpsest.run.Progress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The part of a preflight that needs no weights: is the data fit to train on? Nothing is thrown for
 * what is wrong with rows; everything is a finding.
 */
public final class DataCheck {
  /**
   * What was found.
   *
   * @param ok whether no finding is an error
   */
  public record Report(boolean ok, List<Finding> findings, Lengths lengths) {
    public Report {
      findings = List.copyOf(findings);
    }
  }

  private final Encoder encoder;
  private final Set<Integer> endTokens;
  private final ReadOptions options;
  private final Progress progress;

  /**
   * A check of data for one model.
   *
   * @param endTokens tokens at which the model stops
   */
  public DataCheck(
      Encoder encoder, Set<Integer> endTokens, ReadOptions options, Progress progress) {
    this.encoder = encoder;
    this.endTokens = Set.copyOf(endTokens);
    this.options = options;
    this.progress = progress;
  }

  /**
   * Checks a file, and that what is held out for judging is not in it.
   *
   * @param draw takes some of the rows that can be trained on
   * @throws dev.palimpsest.run.BadInput if a file is not there or is no data at all
   */
  public Report check(Path file, Optional<Path> heldOut, Draw draw) {
    Findings findings = new Findings();
    SampleReader.Scan scan = SampleReader.scan(file, options);
    try (Dataset data = scan.data()) {
      schema(scan, findings);
      template(data, findings);
      joined(data, findings);
      Lengths lengths = new RowAudit(encoder, endTokens, findings, progress).audit(data, draw);
      findings.add(Finding.Severity.INFO, "lengths", "", lengths.toString());
      Repeats repeats = new Repeats(data, findings);
      repeats.within();
      heldOut.ifPresent(other -> across(repeats, other, findings));
      List<Finding> all = findings.all();
      boolean ok = all.stream().noneMatch(f -> f.severity() == Finding.Severity.ERROR);
      return new Report(ok, all, lengths);
    }
  }

  private void across(Repeats repeats, Path heldOut, Findings findings) {
    SampleReader.Scan scan = SampleReader.scan(heldOut, options);
    try (Dataset data = scan.data()) {
      schema(scan, findings);
      repeats.across(data);
    }
  }

  private static void schema(SampleReader.Scan scan, Findings findings) {
    Path file = scan.data().file();
    for (RowProblems.Fault fault : scan.faults().all()) {
      findings.add(
          Finding.Severity.ERROR,
          "schema",
          file.getFileName() + ", " + fault.where(),
          fault.problem() + (fault.rows() > 1 ? " (" + fault.rows() + " rows)" : ""));
    }
    if (scan.data().size() == 0) {
      findings.add(Finding.Severity.ERROR, "empty", file.toString(), "no rows that can be read");
    }
  }

  private void joined(Dataset data, Findings findings) {
    if (!data.onlyTexts()) {
      return;
    }
    if (encoder.options().overlong() == Encoder.Overlong.TRUNCATE) {
      findings.add(
          Finding.Severity.ERROR, "nothing-cut", data.file().toString(), DataSpec.NOTHING_CUT);
    } else {
      findings.add(
          Finding.Severity.INFO,
          "joined",
          "",
          "only texts: tune joins them and cuts windows of --max-length, in which a text sees only"
              + " itself");
    }
  }

  private void template(Dataset data, Findings findings) {
    encoder
        .templateSystem()
        .filter(text -> data.size() > 0)
        .ifPresent(
            text ->
                findings.add(
                    Finding.Severity.INFO,
                    "template-system",
                    "",
                    "the chat template adds a system prompt of its own where a row has none; give"
                        + " --system for another: "
                        + text));
    if (encoder.writesTurns() && encoder.endOfTurn().isEmpty()) {
      findings.add(
          Finding.Severity.WARNING,
          "no-end-of-turn",
          "",
          "the chat template closes an answer with no control token, so that no end is learned");
    }
  }
}
