package dev.palimpsest.cli;

import dev.palimpsest.compare.Port;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.measure.Side;
import dev.palimpsest.measure.TunedModel;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tune.TuneJob;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a model is computed. */
final class ModelOptions {
  @Option(
      names = "--dtype",
      description =
          "of the weights: fp32, bf16, nf4 or int8; default: bf16 where this machine gains by it,"
              + " else fp32")
  private @Nullable Precision precision;

  @Mixin private ThreadOptions threads = new ThreadOptions();

  @Option(
      names = "--any-base",
      fallbackValue = "true",
      description = "take an adapter of another base, too")
  private boolean anyBase;

  boolean anyBase() {
    return anyBase;
  }

  Precision precision() {
    return precision(Precision.best());
  }

  Precision precision(Precision unsaid) {
    return precision == null ? unsaid : precision;
  }

  /** What the user said of the type, if anything. */
  Optional<Precision> given() {
    return Optional.ofNullable(precision);
  }

  int threads() {
    return threads.settle();
  }

  LanguageModel load(String model, Progress progress) {
    threads();
    return load(model, precision(), progress);
  }

  static LanguageModel load(String model, Precision precision, Progress progress) {
    return LanguageModel.load(Places.store(progress).locate(model), precision, Device.best());
  }

  AdaptedDecoder over(LanguageModel model, @Nullable Path adapter) {
    if (adapter == null) {
      return model.base();
    }
    return anyBase ? model.withForeign(adapter) : model.with(adapter);
  }

  /** Where a ledger takes its sides from. */
  LedgerJob.Models models(Progress progress, LedgerJob.Remote remote, @Nullable String judge) {
    LedgerJob.Adapting adapting = anyBase ? TunedModel::withForeign : TunedModel::with;
    return new LedgerJob.Models(
        model -> load(model, progress),
        adapting,
        remote,
        Optional.ofNullable(judge).map(Side::parse));
  }

  /** Where a port takes its bases from. */
  Port.Bases bases(Progress progress) {
    return new Port.Bases() {
      @Override
      public Path locate(String model) {
        return Places.store(progress).locate(model);
      }

      @Override
      public LanguageModel load(String model) {
        return ModelOptions.this.load(model, progress);
      }

      @Override
      public LanguageModel load(TuneJob job) {
        return job.load(locate(job.model()));
      }
    };
  }
}
