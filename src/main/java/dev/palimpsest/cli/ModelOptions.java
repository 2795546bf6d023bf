package dev.palimpsest.cli;

import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.measure.TunedModel;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.ModelStore;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.PullSettings;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a model is computed, and where it is kept. */
final class ModelOptions {
  @Option(names = "--dtype", description = "fp32 or bf16; default: bf16 where the processor has it")
  private @Nullable Precision precision;

  @Option(names = "--threads", defaultValue = "0", description = "default: all processors")
  private int threads;

  @Option(
      names = "--any-base",
      description = "take an adapter that was trained over another base, too")
  private boolean anyBase;

  Precision precision() {
    return precision == null ? Precision.best() : precision;
  }

  int threads() {
    return Main.threads(threads);
  }

  LanguageModel load(String model, Progress progress) {
    threads();
    return load(model, precision(), progress);
  }

  static LanguageModel load(String model, Precision precision, Progress progress) {
    return LanguageModel.load(store(progress).locate(model), precision, Device.best());
  }

  /** The model's name as it holds from any folder: a local one's is its absolute path. */
  static String lasting(String model, Progress progress) {
    Path located = store(progress).locate(model); // the cache's are absolute
    return located.isAbsolute() ? model : located.toAbsolutePath().toString();
  }

  AdaptedDecoder over(LanguageModel model, @Nullable Path adapter) {
    if (adapter == null) {
      return model.base();
    }
    return anyBase ? model.withForeign(adapter) : model.with(adapter);
  }

  /** One side of a ledger: MODEL or MODEL+ADAPTER. */
  record Side(String model, @Nullable Path adapter) {
    static Side parse(String text) {
      int plus = text.lastIndexOf('+');
      if (plus < 0 || Files.exists(Path.of(text))) {
        return new Side(text, null);
      }
      Path adapter = Path.of(text.substring(plus + 1));
      if (!Files.isDirectory(adapter)) {
        throw new BadInput(text + ": no adapter folder " + adapter);
      }
      return new Side(text.substring(0, plus), adapter);
    }
  }

  TunedModel over(LanguageModel loaded, Side side) {
    if (side.adapter == null) {
      return TunedModel.base(side.model, loaded);
    }
    return anyBase
        ? TunedModel.withForeign(side.model, loaded, side.adapter)
        : TunedModel.with(side.model, loaded, side.adapter);
  }

  static ModelStore store(Progress progress) {
    return new ModelStore(cache(), progress, PullSettings.of(System.getenv()));
  }

  /** The folder if it is free, or the first free one with a number behind. */
  static Path fresh(Path folder) {
    Path free = folder;
    for (int i = 2; Files.exists(free); i++) {
      free = folder.resolveSibling(folder.getFileName() + "-" + i);
    }
    return free;
  }

  /** $PALIMPSEST_CACHE, or a folder in the user's own cache. */
  static Path cache() {
    String chosen = System.getenv("PALIMPSEST_CACHE");
    return chosen == null || chosen.isBlank()
        ? Path.of(System.getProperty("user.home"), ".cache", "palimpsest")
        : Path.of(chosen).toAbsolutePath();
  }
}
