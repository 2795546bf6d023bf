package dev.palimpsest;

import dev.palimpsest.generate.Answerer;
import dev.palimpsest.generate.GenerateReport;
import dev.palimpsest.generate.Prompts;
import dev.palimpsest.generate.ScoreReport;
import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.measure.TunedModel;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;

/** What both kinds of subject do. */
record Arm(Loaded loaded, TunedModel model) {
  private static final ScoreReport.Cut WHOLE =
      new ScoreReport.Cut(OptionalInt.empty(), OptionalInt.empty());

  static Arm of(Subject subject) {
    return switch (subject) {
      case Model base -> base.arm();
      case Tuned tuned -> tuned.arm();
    };
  }

  Scores score(Data data) {
    return Scores.of(
        loaded.work(
            base -> ScoreReport.of(base, model.decoder(), data.spec(), WHOLE, loaded.progress())));
  }

  List<Answer> generate(List<String> prompts, Decoding decoding) {
    return generate(() -> Prompts.of(prompts, Data.plain()), decoding);
  }

  List<Answer> generate(Data prompts, Decoding decoding) {
    return generate(() -> Prompts.of(prompts.spec()), decoding);
  }

  private List<Answer> generate(Supplier<Prompts> read, Decoding decoding) {
    return loaded
        .work(
            base -> {
              Prompts prompts = read.get();
              Answerer answerer = base.answerer(model.decoder(), loaded.progress());
              return GenerateReport.of(
                  answerer, prompts.ids(), prompts.prompts(), decoding.settings());
            })
        .items()
        .stream()
        .map(Answer::of)
        .toList();
  }

  /** Both sides are held: neither base can be closed meanwhile. */
  Ledger ledger(Arm after, Supplier<LedgerJob> job) {
    Path store = LedgerJob.storeIn(loaded.settings().cache());
    return loaded.work(
        ours ->
            after.loaded.hold(
                theirs -> job.get().measure(model, after.model, store, loaded.progress())));
  }
}
