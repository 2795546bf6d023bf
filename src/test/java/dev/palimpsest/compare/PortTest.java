package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.TinyTask;
import dev.palimpsest.data.DataSpec;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeReader;
import dev.palimpsest.merge.BlockExpansion;
import dev.palimpsest.merge.GrowJob;
import dev.palimpsest.merge.WidthCloning;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tune.LowRank;
import dev.palimpsest.tune.Schedule;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.TuneSettings;
import dev.palimpsest.tune.Tuner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a tiny random model that has learned to say yes, and others that compute the same. */
class PortTest {
  private static final Path LLAMA = Reference.checkpoint("llama");
  private static final Path PLAIN = Reference.adapter("plain");
  private static final int[] IDS = {1, 40, 77, 130, 200, 9, 300, 55, 18, 240};

  @TempDir private Path folder;
  private Path data;
  private Path texts;

  @BeforeEach
  void write() throws IOException {
    TinyTask task = TinyTask.in(folder, 24);
    data = task.data();
    texts = task.texts();
  }

  private static final class Bases implements Port.Bases {
    @Override
    public Path locate(String model) {
      return Path.of(model);
    }

    @Override
    public LanguageModel load(String model) {
      return LanguageModel.load(Path.of(model), Precision.FP32, Device.CPU);
    }

    @Override
    public LanguageModel load(TuneJob job) {
      return load(job.model());
    }
  }

  private PortPlan plan(Path adapter, Path to) {
    return new PortPlan(
        adapter.toAbsolutePath(),
        PeftFolder.sha256(adapter),
        LLAMA.toString(),
        to.toString(),
        false,
        Optional.of(DataSpec.of(texts)),
        new PortPlan.Distilling(8, 0.02, 4),
        0);
  }

  private static PortPlan along(PortPlan plan, Optional<Path> other) {
    return new PortPlan(
        plan.adapter(),
        plan.sha256(),
        plan.from(),
        plan.to(),
        plan.anyBase(),
        other.map(DataSpec::of),
        plan.distilling(),
        plan.seed());
  }

  private static LedgerJob ledger(Probe... probes) {
    return new LedgerJob(List.of(probes), 4, 0, 8, 0);
  }

  private PortResult run(PortPlan plan, Port.Choice choice) {
    return new Port(
            plan,
            choice,
            new Bakeoff.Settings(
                folder.resolve("out"), folder.resolve("store.sqlite"), folder.resolve("cache")),
            new Bases(),
            new Tuner.Watch(Progress.none(), new Cancellation(), System::nanoTime))
        .run();
  }

  private PortResult only(PortMethod method, Path adapter, Path to) {
    return run(plan(adapter, to), new Port.Choice(Optional.of(method), ledger(), 0.05));
  }

  private static float[] logits(Path model, Optional<Path> adapter) {
    return Native.withoutGradients(
        () -> {
          try (Scope _ = Scope.open();
              LanguageModel loaded = LanguageModel.load(model, Precision.FP32, Device.CPU)) {
            AdaptedDecoder decoder = adapter.map(loaded::withForeign).orElseGet(loaded::base);
            return decoder.logits(decoder.hidden(Ragged.of(IDS))).floats();
          }
        });
  }

  private static double distance(float[] one, float[] two) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += (one[i] - two[i]) * (double) (one[i] - two[i]);
    }
    return Math.sqrt(sum);
  }

  @Test
  void direct_theSameShapes_areTheSameFactors() throws IOException {
    only(PortMethod.DIRECT, PLAIN, LLAMA);

    String weights = "adapter_model.safetensors";
    assertThat(folder.resolve("out/adapter").resolve(weights))
        .hasSameBinaryContentAs(PLAIN.resolve(weights));
    assertThat(PeftFolder.readConfig(folder.resolve("out/adapter")).baseName())
        .contains(LLAMA.toString());
  }

  @Test
  void activations_theSameBase_areTheSameChange() {
    PortResult result = only(PortMethod.ACTIVATIONS, PLAIN, LLAMA);

    try (Scope _ = Scope.open();
        LanguageModel base = new Bases().load(LLAMA.toString())) {
      Adapter before = PeftFolder.read(PLAIN, base.decoder().config());
      Adapter after = PeftFolder.read(folder.resolve("out/adapter"), base.decoder().config());
      assertThat(after.factors().keySet()).isEqualTo(before.factors().keySet());
      after
          .factors()
          .forEach(
              (module, own) -> {
                float[] expected = change(before, module);
                assertThat(change(after, module)).containsExactly(expected, within(1e-4f));
              });
    }
    ActivationFit fit = result.tried().getFirst().fit().orElseThrow();
    assertThat(fit.error()).isLessThan(1e-4);
    assertThat(fit.tokens()).isPositive();
  }

  private static float[] change(Adapter adapter, String module) {
    Factors factors = Objects.requireNonNull(adapter.factors().get(module));
    return factors.b().matmul(factors.a()).times(factors.scale()).floats();
  }

  @Test
  void activations_aTurnedBase_doWhatTheOldAdapterDidAndDirectDoesNot() {
    Path turned = TurnedBase.write(LLAMA, folder.resolve("turned"));
    float[] base = logits(LLAMA, Optional.empty());
    assertThat(logits(turned, Optional.empty())).containsExactly(base, within(1e-4f));

    PortResult result = only(PortMethod.ACTIVATIONS, PLAIN, turned);

    float[] tuned = logits(LLAMA, Optional.of(PLAIN));
    double moved = distance(base, tuned);
    double carried = distance(tuned, logits(turned, Optional.of(folder.resolve("out/adapter"))));
    double direct = distance(tuned, logits(turned, Optional.of(PLAIN)));
    assertThat(carried).isLessThan(0.05 * moved);
    assertThat(direct).isGreaterThan(0.5 * moved);
    ActivationFit fit = result.tried().getFirst().fit().orElseThrow();
    assertThat(fit.error()).isLessThan(0.1 * fit.errorAsIs().orElseThrow());
  }

  @Test
  void activations_aWiderAndDeeperBase_areCarriedWhereDirectIsRefused() {
    Path wide = folder.resolve("wide");
    new GrowJob(LLAMA.toString(), new WidthCloning(2, 0, 0), Optional.empty(), GrowJob.Check.NONE)
        .run(wide, _ -> LLAMA, Progress.none());
    Path grown = folder.resolve("grown");
    new GrowJob(wide.toString(), new BlockExpansion(2), Optional.empty(), GrowJob.Check.NONE)
        .run(grown, _ -> wide, Progress.none());

    assertThatThrownBy(() -> only(PortMethod.DIRECT, PLAIN, grown))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("4 layers, 2 before")
        .hasMessageContaining("model.layers.0.self_attn.q_proj is 64 × 64, before 32 × 32");
    assertThat(folder.resolve("out")).doesNotExist();
    PortResult result = only(PortMethod.ACTIVATIONS, PLAIN, wide);

    assertThat(result.tried().getFirst().fit().orElseThrow().error()).isLessThan(0.05);
    float[] base = logits(LLAMA, Optional.empty());
    float[] tuned = logits(LLAMA, Optional.of(PLAIN));
    assertThat(distance(tuned, logits(wide, Optional.of(folder.resolve("out/adapter")))))
        .isLessThan(0.6 * distance(base, tuned));
  }

  /** A run that learned to say yes. */
  private Path learned() {
    Path run = folder.resolve("run");
    TuneJob job =
        new TuneJob(
            LLAMA.toString(),
            DataSpec.of(data),
            Optional.empty(),
            0,
            Optional.empty(),
            new LowRank("lora", 4, 8, "all-linear"),
            new TuneSettings(
                4,
                1,
                0.02,
                Schedule.LINEAR,
                0,
                1,
                "adamw",
                0,
                new TuneSettings.Length(OptionalInt.of(12), 1),
                new TuneSettings.Saving(0, 0, 0),
                1),
            Precision.FP32,
            1);
    try (LanguageModel base = new Bases().load(LLAMA.toString())) {
      job.run(base, run, new Tuner.Watch(Progress.none(), new Cancellation(), System::nanoTime));
    }
    return run;
  }

  @Test
  void best_aTurnedBase_takesTheMostGainAndTellsItOnTheOtherHalf() throws IOException {
    Path turned = TurnedBase.write(LLAMA, folder.resolve("turned"));
    Path run = learned();
    Probe gain = new ProbeReader().read(data, ProbeKind.GAIN);
    Probe kept = new ProbeReader().read(texts, ProbeKind.RETENTION);
    Port.Choice choice = new Port.Choice(Optional.empty(), ledger(kept, gain), 1);

    PortResult result = run(plan(run.resolve("adapter"), turned), choice);

    assertThat(result.tried())
        .extracting(PortResult.Tried::method)
        .containsExactly(PortMethod.values());
    PortResult.Chosen chosen = result.chosen().orElseThrow();
    assertThat(chosen.method()).isNotEqualTo(PortMethod.DIRECT);
    assertThat(chosen.on()).isEqualTo(PortResult.On.REPORT);
    PortResult.Tried taken =
        result.tried().stream()
            .filter(each -> each.method() == chosen.method())
            .findFirst()
            .orElseThrow();
    assertThat(result.tried()).allMatch(each -> each.gain() <= taken.gain());
    int reported = chosen.ledger().probes().getLast().outcome().n();
    assertThat(reported + taken.selection().orElseThrow().gained().n()).isEqualTo(24);
    String weights = "adapter_model.safetensors";
    Path way = folder.resolve("out/tries").resolve(chosen.method().toString()).resolve("adapter");
    assertThat(folder.resolve("out/adapter").resolve(weights))
        .hasSameBinaryContentAs(way.resolve(weights));
    assertThat(PortText.of(result)).contains(chosen.method() + ", the best by one half");
    assertThat(PortJson.of(result).get("method").asString()).isEqualTo(chosen.method().toString());

    Path product = folder.resolve("out/tries/replay/adapter").resolve(weights);
    FileTime before = Files.getLastModifiedTime(product);
    PortResult again = run(plan(run.resolve("adapter"), turned), choice);
    assertThat(again.tried()).isEqualTo(result.tried());
    assertThat(Files.getLastModifiedTime(product)).isEqualTo(before);

    Files.writeString(data, Files.readString(data).replace("yes", "no"));
    assertThatThrownBy(() -> TuneJob.onto(turned.toString(), run, 1))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("is not what the run began with");
  }

  @Test
  void distil_aTurnedBase_learnsWhatTheOldModelSays() throws IOException {
    Path turned = TurnedBase.write(LLAMA, folder.resolve("turned"));
    Path old = learned().resolve("adapter");
    Probe gain = new ProbeReader().read(data, ProbeKind.GAIN);
    Files.writeString(data, Files.readString(data).replace("yes", "never learned"));
    Port.Choice choice = new Port.Choice(Optional.of(PortMethod.DISTIL), ledger(gain), 0.05);

    PortResult result = run(along(plan(old, turned), Optional.of(data)), choice);

    assertThat(result.chosen().orElseThrow().ledger().probes().getFirst().outcome().after())
        .isGreaterThan(0.9);
    Path run = folder.resolve("out/tries/distil");
    assertThat(TuneJob.of(run).method())
        .isEqualTo(
            new LowRank("lora", 4, 8, "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj"));
    assertThat(Files.readString(folder.resolve("out/tries/distil.jsonl"))).contains("yes");
    try (LanguageModel base = new Bases().load(turned.toString())) {
      Tuner.Watch alone = new Tuner.Watch(Progress.none(), new Cancellation(), System::nanoTime);
      assertThatThrownBy(() -> TuneJob.of(run).resume(base, run, alone))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("learns from another model");
    }
  }

  @Test
  void best_nothingGained_takesNoAdapter() throws IOException {
    Path untaught = folder.resolve("untaught.jsonl");
    Files.writeString(untaught, Files.readString(data).replace("yes", "quetzal"));
    Probe gain = new ProbeReader().read(untaught, ProbeKind.GAIN);

    PortResult result =
        run(
            along(plan(PLAIN, LLAMA), Optional.empty()),
            new Port.Choice(Optional.empty(), ledger(gain), 0.05));

    assertThat(result.chosen()).isEmpty();
    assertThat(result.tried().get(1).refused().orElseThrow()).contains("give --data");
    assertThat(result.tried().getLast().refused().orElseThrow())
        .contains("stands in no run's folder");
    assertThat(folder.resolve("out/adapter")).doesNotExist();
    assertThat(PortText.of(result)).contains("no way gains anything");
  }

  @Test
  void bothBases_thatDoNotFitTogether_areRefused() {
    try (Scope _ = Scope.open();
        LanguageModel to = new Bases().load(LLAMA.toString())) {
      ModelConfig config = to.decoder().config();
      Adapter adapter = PeftFolder.read(PLAIN, config);
      Tuner.Watch watch = new Tuner.Watch(Progress.none(), new Cancellation(), System::nanoTime);
      PortTask task =
          new PortTask(
              plan(PLAIN, LLAMA), adapter, config, to, new Bases(), new Runs(folder, watch));
      long weights = new Footprint(config, Precision.FP32).weightBytes();

      task.requireMemory(PortMethod.DISTIL, 1000, weights + 1000);
      assertThatThrownBy(() -> task.requireMemory(PortMethod.DISTIL, 1000, weights + 999))
          .isInstanceOf(BadInput.class)
          .hasMessageStartingWith("distil: with both bases, in fp32, it would take about");
    }
  }

  @Test
  void choice_theBestByNothing_isRefused() {
    assertThatThrownBy(() -> new Port.Choice(Optional.empty(), ledger(), 0.05))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("give --gain PROBE, or one --method: direct");
  }
}
