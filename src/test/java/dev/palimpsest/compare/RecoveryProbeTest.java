package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.Reference;
import dev.palimpsest.generate.Prompt;
import dev.palimpsest.measure.Control;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeItem;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.Side;
import dev.palimpsest.measure.Sides;
import dev.palimpsest.measure.TunedModel;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tune.Continued;
import dev.palimpsest.tune.TuneJob;
import dev.palimpsest.tune.Tuner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** On a tiny random model, whose adapter turns answers at random. */
class RecoveryProbeTest {
  private static final String LLAMA = Reference.checkpoint("llama").toString();
  private static final Side BASE = new Side(LLAMA, Optional.empty());
  private static final Side TUNED = new Side(LLAMA, Optional.of(Reference.adapter("plain")));

  @TempDir private Path folder;

  private static Probe choices(int items) {
    List<String> choices = List.of("7", "8", "a b", "xyz");
    return new Probe(
        "choices",
        ProbeKind.RETENTION,
        Path.of(""),
        IntStream.range(0, items)
            .<ProbeItem>mapToObj(
                i ->
                    new ProbeItem.Choose(
                        "q" + i, Optional.empty(), Prompt.Chat.of(i + " plus 1"), choices, i % 4))
            .toList());
  }

  private RecoveryResult run(Sides sides, Map<String, String> tuning, long seed) {
    LedgerJob job = new LedgerJob(List.of(choices(48)), 8, 0, 8, 0);
    LedgerJob.Models models =
        new LedgerJob.Models(
            new TinyModels(Map.of("lr", "0.01"))::load,
            TunedModel::withForeign,
            (endpoint, _) -> {
              throw new AssertionError(endpoint);
            },
            Optional.empty());
    return new RecoveryProbe(
            new RecoveryProbe.Asked(sides, job, tuning, seed),
            new Bakeoff.Settings(
                folder.resolve("out"), folder.resolve("store.sqlite"), folder.resolve("cache")),
            new RecoveryProbe.Models(models, new TinyModels(Map.of("lr", "0.01"))),
            new Tuner.Watch(Progress.none(), new Cancellation(), System::nanoTime))
        .run();
  }

  @Test
  void run_tunesOnOneHalfOfEachKindAndAsksTheOther() throws IOException {
    RecoveryResult result = run(new Sides(BASE, TUNED), Map.of("steps", "60"), 0);

    RecoveryResult.Counts counts = result.probes().getFirst();
    assertThat(counts.lostShown()).isPositive().isEqualTo(counts.neverShown());
    assertThat(result.lost().shown().n()).isEqualTo(counts.lostShown());
    assertThat(result.lost().asked().n()).isEqualTo(counts.lostAsked());
    assertThat(result.never().asked().n()).isEqualTo(counts.neverAsked());
    assertThat(result.turned().n()).isEqualTo(counts.lostAsked());
    // it was wrong on all of them after the change
    assertThat(result.lost().shown().value()).isGreaterThan(0.5);
    TuneJob job = TuneJob.of(Path.of(result.lost().run()));
    assertThat(((Continued) job.method()).from().adapter())
        .isEqualTo(Reference.adapter("plain").toAbsolutePath().normalize());
    assertThat(Files.readAllLines(job.data().file())).hasSize(counts.lostShown());

    Path weights = Path.of(result.lost().run()).resolve("adapter/adapter_model.safetensors");
    FileTime written = Files.getLastModifiedTime(weights);
    assertThat(run(new Sides(BASE, TUNED), Map.of("steps", "60"), 0)).isEqualTo(result);
    assertThat(Files.getLastModifiedTime(weights)).isEqualTo(written);
    assertThat(run(new Sides(BASE, TUNED), Map.of("steps", "1"), 1).lost().run())
        .isNotEqualTo(result.lost().run());

    JsonNode document = RecoveryJson.of(result);
    assertThat(document.get("lost").get("asked").get("n").asInt()).isEqualTo(counts.lostAsked());
    assertThat(document.get("fisher_p").asDouble()).isEqualTo(result.shares().fisherP());
    assertThat(RecoveryText.of(result)).contains("lost: asked").contains("Fisher's p");
  }

  @Test
  void run_withNothingLost_isRefusedAndLeavesNothing() {
    assertThatThrownBy(() -> run(new Sides(BASE, BASE), Map.of(), 0))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("nothing to recover: of 0 lost items");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void asked_whatTheProbeSaysItself_isRefused() {
    Sides sides = new Sides(BASE, TUNED);
    assertThatThrownBy(() -> run(sides, Map.of("data", "x.jsonl"), 0))
        .hasMessageContaining("--tune data");
    assertThatThrownBy(
            () -> run(new Sides(BASE, TUNED, List.of(new Control.Random(0))), Map.of(), 0))
        .hasMessageContaining("a control of its own");
    Side away = new Side("http://localhost:1/v1#m", Optional.empty());
    assertThatThrownBy(() -> run(new Sides(BASE, away), Map.of(), 0))
        .hasMessageContaining("cannot be tuned");
  }
}
