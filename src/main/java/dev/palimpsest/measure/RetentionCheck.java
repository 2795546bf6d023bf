package dev.palimpsest.measure;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Sha256;
import dev.palimpsest.tune.LossCheck;
import dev.palimpsest.tune.LossLimit;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.Tuner;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** Holds a model in training against its base, on one half of each probe's items or the other. */
public final class RetentionCheck implements LossCheck {
  private final LanguageModel base;
  private final TuneJob job;
  private final List<Probe> probes;
  private final LedgerJob deciding;
  private final LedgerJob telling;
  private final Path store;
  private final Progress progress;

  private RetentionCheck(
      TuneJob job, LossLimit limit, LanguageModel base, Path cache, Progress progress) {
    this.base = base;
    this.job = job;
    this.probes =
        limit.probes().stream()
            .flatMap(each -> BuiltInProbes.retention(each, cache).stream())
            .toList();
    probes.forEach(Graders::requireAll);
    this.deciding = ledger(Half.SELECTION, limit.maxTokens());
    this.telling = ledger(Half.REPORT, limit.maxTokens());
    this.store = LedgerJob.storeIn(cache);
    this.progress = progress;
  }

  /**
   * A watch that tells the losses that a job's limit asks about; the same watch, if it has none.
   *
   * @param cache with the program's own probes, and what the base was seen to do earlier
   * @throws BadInput if a probe is missing, too small for halves, or cannot be graded here
   */
  public static Tuner.Watch watching(
      TuneJob job, LanguageModel base, Path cache, Tuner.Watch watch) {
    return job.settings()
        .saving()
        .limit()
        .map(limit -> watch.with(new RetentionCheck(job, limit, base, cache, watch.progress())))
        .orElse(watch);
  }

  @Override
  public String fingerprint() {
    return Sha256.of(
        probes.stream()
            .map(probe -> probe.name() + " " + probe.digest())
            .collect(Collectors.joining("\n")));
  }

  @Override
  public List<Loss> deciding(Now now) {
    return losses(deciding, now);
  }

  @Override
  public List<Loss> telling(Now now) {
    return losses(telling, now);
  }

  private LedgerJob ledger(Half half, int maxTokens) {
    List<Probe> own = probes.stream().map(half::of).toList();
    return new LedgerJob(own, maxTokens, 0, LedgerJob.TEXT_TOKENS, 0);
  }

  private List<Loss> losses(LedgerJob asked, Now now) {
    String adapter = Sha256.of(Json.write(job.method())) + now.parameters();
    TunedModel before = TunedModel.base(job.model(), base);
    TunedModel after = new TunedModel(job.model() + ", in training", base, now.model(), adapter);
    return asked.measure(before, after, store, progress).probes().stream()
        .map(RetentionCheck::loss)
        .toList();
  }

  private static Loss loss(ProbeResult result) {
    Outcome outcome = result.outcome();
    return new Loss(
        result.probe().name(),
        outcome.n(),
        outcome.before(),
        outcome.after(),
        outcome.loss(),
        outcome.lossInterval().map(i -> List.of(i.low(), i.high())));
  }
}
