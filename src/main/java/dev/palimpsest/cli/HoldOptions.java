package dev.palimpsest.cli;

import dev.palimpsest.measure.GivenTexts;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tune.Orthogonal;
import dev.palimpsest.tune.Regularisers;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What holds the parameters back, against forgetting. */
final class HoldOptions {
  @Option(
      names = "--l2-to-start",
      paramLabel = "LAMBDA",
      description = "adds LAMBDA/2 times the squared change of the weights to the loss")
  private @Nullable Double l2ToStart;

  @Option(
      names = "--ewc",
      paramLabel = "LAMBDA",
      description =
          "the same, each weight by its Fisher information along --ewc-data; 1 is about a nat of KL"
              + " a token")
  private @Nullable Double ewc;

  @Option(
      names = "--ewc-data",
      paramLabel = "FILE|base:N",
      description = "text that is to be kept; base:N for N texts that the model itself writes")
  private @Nullable String ewcData;

  @Option(
      names = "--orthogonal-to",
      paramLabel = "ADAPTER",
      description = "keeps a LoRA's directions A out of this earlier adapter's; may repeat")
  private List<Path> orthogonalTo = List.of();

  @Option(
      names = "--orthogonal-by",
      description = "${COMPLETION-CANDIDATES}; default: penalty, a term of the loss")
  private Orthogonal.@Nullable By orthogonalBy;

  @Option(
      names = "--orthogonal-weight",
      paramLabel = "LAMBDA",
      description = "of the penalty; default: " + Orthogonal.WEIGHT)
  private @Nullable Double orthogonalWeight;

  Regularisers regularisers() {
    if (l2ToStart != null && l2ToStart == 0) {
      throw new BadInput("--l2-to-start 0: give a number above 0, or leave it out");
    }
    return new Regularisers(l2ToStart == null ? 0 : l2ToStart, elastic(), orthogonal());
  }

  private Optional<Regularisers.Elastic> elastic() {
    if (ewc == null && ewcData == null) {
      return Optional.empty();
    }
    if (ewc == null || ewcData == null) {
      throw new BadInput("--ewc and --ewc-data go together: give --ewc LAMBDA --ewc-data FILE");
    }
    GivenTexts texts = GivenTexts.parse("--ewc-data", ewcData);
    return Optional.of(new Regularisers.Elastic(ewc, texts.file(), texts.count()));
  }

  private Optional<Orthogonal> orthogonal() {
    Orthogonal.By by = orthogonalBy == null ? Orthogonal.By.PENALTY : orthogonalBy;
    if (orthogonalTo.isEmpty() && (orthogonalBy != null || orthogonalWeight != null)) {
      throw new BadInput(
          "--orthogonal-by and --orthogonal-weight: to what? give --orthogonal-to ADAPTER");
    }
    if (by == Orthogonal.By.PROJECTION && orthogonalWeight != null) {
      throw new BadInput("--orthogonal-weight is the penalty's; a projection has none");
    }
    double weight = orthogonalWeight == null ? Orthogonal.WEIGHT : orthogonalWeight;
    return orthogonalTo.isEmpty()
        ? Optional.empty()
        : Optional.of(Orthogonal.of(orthogonalTo, by, weight));
  }
}
