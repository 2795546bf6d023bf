package dev.palimpsest.measure;

import dev.palimpsest.data.DataCheck;
import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Draw;
import dev.palimpsest.data.Encoder;
import dev.palimpsest.data.Finding;
import dev.palimpsest.data.Lengths;
import dev.palimpsest.data.ReadOptions;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Everything to know before a training run: {@link DataCheck}, and then what the model makes of
 * rows drawn from the data.
 *
 * @param data what is to be trained on
 * @param heldOut looked through for leaks
 * @param rows drawn for the model; 0 leaves its part out
 * @param seed of the draw and of the batch that is learned
 */
public record Preflight(DataSpec data, Optional<Path> heldOut, int rows, long seed) {
  /** Rows that the model looks at unless told otherwise. */
  public static final int ROWS = 32;

  private static final Finding STOPPED =
      new Finding(Finding.Severity.WARNING, "stopped", "", "stopped before all was checked");

  /**
   * What was found.
   *
   * @param ok whether no finding is an error
   * @param lengths of all rows
   * @param initialLoss empty where no row was drawn, like the others
   * @param endToken empty too where no row has an answer
   * @param oneBatch empty too where the user stopped it
   */
  public record Report(
      boolean ok,
      List<Finding> findings,
      Lengths lengths,
      Optional<InitialLoss> initialLoss,
      Optional<EndToken> endToken,
      Optional<OneBatch> oneBatch) {
    /** Copies the list. */
    public Report {
      findings = List.copyOf(findings);
    }
  }

  /**
   * Checks all. The model stays as it is.
   *
   * @param scratch a folder for what the batch writes while it is learned
   * @param watch a cancellation leaves out what has not begun
   * @throws dev.palimpsest.run.BadInput if a file is not there or is no data at all
   */
  public Report run(LanguageModel model, Path scratch, Tuner.Watch watch) {
    Encoder encoder = model.encoder(data.encoding(model.decoder().config().context()));
    Draw draw = new Draw(rows, seed);
    DataCheck.Report checked =
        new DataCheck(
                encoder,
                model.checkpoint().endTokens(),
                data.reading(ReadOptions.Purpose.ANSWERS),
                watch.progress())
            .check(data.file(), heldOut, draw);
    List<Draw.Row> drawn = draw.rows();
    Optional<BaseScores.Found> scores =
        drawn.isEmpty() || watch.cancellation().requested()
            ? Optional.empty()
            : Optional.of(
                new BaseScores(model, drawn, encoder.options().limit()).score(watch.progress()));
    Optional<OneBatch> oneBatch =
        drawn.isEmpty() || watch.cancellation().requested()
            ? Optional.empty()
            : OneBatch.learn(model, drawn, seed, scratch, watch);
    boolean stopped = !drawn.isEmpty() && oneBatch.isEmpty();
    return report(checked, scores, oneBatch, stopped ? List.of(STOPPED) : List.of());
  }

  private static Report report(
      DataCheck.Report checked,
      Optional<BaseScores.Found> scores,
      Optional<OneBatch> oneBatch,
      List<Finding> last) {
    Optional<InitialLoss> initialLoss = scores.map(BaseScores.Found::initialLoss);
    Optional<EndToken> endToken = scores.flatMap(BaseScores.Found::endToken);
    List<Finding> findings = new ArrayList<>(checked.findings());
    initialLoss.map(InitialLoss::finding).ifPresent(findings::add);
    endToken.map(EndToken::finding).ifPresent(findings::add);
    oneBatch.map(OneBatch::finding).ifPresent(findings::add);
    findings.addAll(last);
    boolean ok = findings.stream().noneMatch(f -> f.severity() == Finding.Severity.ERROR);
    return new Report(ok, findings, checked.lengths(), initialLoss, endToken, oneBatch);
  }
}
