package dev.palimpsest.measure;

import dev.palimpsest.generate.Decoding;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Seeds;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a ledger is to hold.
 *
 * @param probes named by the user, or built in
 * @param maxTokens of an answer
 * @param texts how many texts the base writes for the divergence; 0 for none
 * @param textTokens tokens of each at most
 * @param seed of these texts
 */
public record LedgerJob(List<Probe> probes, int maxTokens, int texts, int textTokens, long seed) {
  /** Copies the list; probes are told apart by name. */
  public LedgerJob {
    probes = List.copyOf(probes);
    if (texts < 0) {
      throw new BadInput("--texts " + texts + ": give 0 or more");
    }
    Set<String> names = new HashSet<>();
    for (Probe probe : probes) {
      if (!names.add(probe.name())) {
        throw new BadInput("probe " + probe.name() + " is given twice: rename one of the files");
      }
    }
  }

  /**
   * Measures both sides; what the store knows is not asked again.
   *
   * @param store of earlier measurements
   */
  public Ledger measure(TunedModel before, TunedModel after, Path store, Progress progress) {
    try (ObservationStore known = ObservationStore.open(store)) {
      Measurement measurement = new Measurement(known, Decoding.greedy(maxTokens), progress);
      Ledger ledger =
          Ledger.measure(
              measurement, before.subject(Progress.none()), after.subject(Progress.none()), probes);
      return ledger.with(divergence(before, after, progress), Optional.empty());
    }
  }

  private Optional<Divergence> divergence(TunedModel before, TunedModel after, Progress progress) {
    boolean oneVocabulary =
        before.decoder().config().vocabulary() == after.decoder().config().vocabulary();
    if (texts == 0 || !oneVocabulary) {
      return Optional.empty();
    }
    List<int[]> written = BaseTexts.sample(before.model(), texts, textTokens, new Seeds(seed));
    KlDivergence along =
        new KlDivergence(before.decoder(), after.decoder(), before.model()::bytes, progress);
    return Optional.of(Divergence.of("texts sampled from the base", along.along(written)));
  }
}
