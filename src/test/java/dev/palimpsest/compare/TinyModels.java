package dev.palimpsest.compare;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.generate.Endpoint;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.generate.RemoteSettings;
import dev.palimpsest.measure.AskingRound;
import dev.palimpsest.measure.ObservationStore;
import dev.palimpsest.measure.RemoteSubject;
import dev.palimpsest.model.Precision;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tune.Continued;
import dev.palimpsest.tune.Full;
import dev.palimpsest.tune.LowRank;
import dev.palimpsest.tune.Method;
import dev.palimpsest.tune.Orthogonal;
import dev.palimpsest.tune.Regularisers;
import dev.palimpsest.tune.Schedule;
import dev.palimpsest.tune.Stacked;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.TuneSettings;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Tiny checkpoints, and short jobs over them by a few of {@code tune}'s options: {@code data},
 * {@code method=full}, {@code from}, {@code over}, {@code orthogonal-to}, {@code orthogonal-by},
 * {@code lr}, {@code steps}, {@code replay} (a percentage).
 *
 * @param unsaid options where a job has no others
 */
record TinyModels(Map<String, String> unsaid) implements Bakeoff.Models {
  @Override
  public LanguageModel load(String name) {
    return LanguageModel.load(Path.of(name), Precision.FP32, Device.best());
  }

  @Override
  public LanguageModel load(TuneJob job) {
    return load(job.model());
  }

  @Override
  public LanguageModel load(Path folder, TuneJob job) {
    return load(folder.toString());
  }

  @Override
  public RemoteSubject remote(Endpoint endpoint, ObservationStore store) {
    AskingRound round =
        AskingRound.latest(store, endpoint)
            .orElseGet(() -> AskingRound.next(store, endpoint, Instant.EPOCH));
    return RemoteSubject.of(endpoint, RemoteSettings.of(Map.of()), round, store);
  }

  @Override
  public TuneJob job(Map<String, String> said, String model, long seed) {
    Map<String, String> options = new HashMap<>(Map.of("lr", "0.02", "steps", "12"));
    options.putAll(unsaid);
    options.putAll(said);
    return new TuneJob(
            model,
            DataSpec.of(Path.of(options.getOrDefault("data", "no data"))),
            Optional.empty(),
            0,
            Optional.ofNullable(options.get("replay"))
                .map(
                    percent ->
                        new TuneJob.Replay(TuneJob.Replay.OF_BASE, Double.parseDouble(percent))),
            method(options),
            new TuneSettings(
                4,
                1,
                Double.parseDouble(options.getOrDefault("lr", "")),
                Schedule.LINEAR,
                0,
                1,
                "adamw",
                0,
                new TuneSettings.Length(
                    OptionalInt.of(Integer.parseInt(options.getOrDefault("steps", ""))), 1),
                new TuneSettings.Saving(2, 1, 0),
                seed),
            Precision.FP32,
            1)
        .withRegularisers(regularisers(options));
  }

  private static Regularisers regularisers(Map<String, String> options) {
    Optional<Orthogonal> apart =
        Optional.ofNullable(options.get("orthogonal-to"))
            .map(
                earlier ->
                    Orthogonal.of(
                        List.of(Path.of(earlier)),
                        Orthogonal.By.valueOf(
                            options.getOrDefault("orthogonal-by", "").toUpperCase(Locale.ROOT)),
                        Orthogonal.WEIGHT));
    return new Regularisers(0, Optional.empty(), apart);
  }

  private static Method method(Map<String, String> options) {
    LowRank own = new LowRank("lora", 4, 8, "all-linear");
    Optional<Path> from = Optional.ofNullable(options.get("from")).map(Path::of);
    Optional<Path> over = Optional.ofNullable(options.get("over")).map(Path::of);
    if (options.getOrDefault("method", "lora").equals("full")) {
      return Full.of("full", Optional.empty());
    }
    if (from.isPresent()) {
      return Continued.of(
          from.get(),
          new Continued.Asked(
              Optional.empty(), OptionalInt.empty(), OptionalDouble.empty(), List.of()));
    }
    return over.isPresent() ? Stacked.of(own, over.get()) : own;
  }
}
