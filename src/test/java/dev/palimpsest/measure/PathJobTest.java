package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.Reference;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tune.Full;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class PathJobTest {
  private static final Overlap NO_OVERLAP = new Overlap(Map.of(), List.of());

  @TempDir private Path folder;
  private LanguageModel model;
  private Path data;
  private Path run;
  private LedgerJob asked;

  @BeforeEach
  void train() throws IOException {
    model = LanguageModel.load(Reference.checkpoint("llama"), Precision.FP32, Device.CPU);
    data = folder.resolve("data.jsonl");
    StringBuilder rows = new StringBuilder();
    StringBuilder choices = new StringBuilder();
    for (int i = 0; i < 12; i++) {
      rows.append("{\"prompt\": \"%d plus 1\", \"completion\": \"%d\"}\n".formatted(i, i + 1));
      choices.append(
          "{\"prompt\": \"%d plus 2\", \"choices\": [\"%d\", \"0\"], \"completion\": \"%d\"}\n"
              .formatted(i, i + 2, i + 2));
    }
    Files.writeString(data, rows);
    Path gain = Files.writeString(folder.resolve("gain.jsonl"), rows);
    Path kept = Files.writeString(folder.resolve("kept.jsonl"), choices);
    ProbeReader reader = new ProbeReader();
    asked =
        new LedgerJob(
            List.of(reader.read(gain, ProbeKind.GAIN), reader.read(kept, ProbeKind.RETENTION)),
            4,
            20,
            8,
            0);
    run = folder.resolve("run");
    TinyRun.train(model, data, 0, TinyRun.LORA, run);
  }

  @AfterEach
  void close() {
    model.close();
  }

  private RunPath measure(String store, Progress progress, Double... scales) {
    return new PathJob(asked, List.of(scales))
        .measure(RunStates.of(run, model), folder.resolve(store), progress);
  }

  private static ObjectNode json(RunPath path) {
    return PathJson.of(path, NO_OVERLAP);
  }

  @Test
  void stops_areTheCheckpoints_theEnd_andItsScales() {
    RunPath path = measure("store", Progress.none(), 0.5, 0.25);

    assertThat(path.stops())
        .extracting(RunPath.Stop::name)
        .containsExactly("step 2", "step 4", "end", "end × 0.25", "end × 0.5");
    assertThat(path.stops())
        .allSatisfy(
            stop -> {
              assertThat(stop.ledger().divergence()).isPresent();
              assertThat(stop.ledger().onPrompts()).isPresent();
            });
    double half = kl(path.stops().get(4));
    assertThat(half).isPositive().isLessThan(kl(path.stops().get(2)));
    assertThat(PathText.of(path, NO_OVERLAP))
        .contains("KL(base‖after) on texts sampled from the base")
        .contains("KL(base‖after) on sampled answers to gain probes' prompts");
  }

  private static double kl(RunPath.Stop stop) {
    return stop.ledger().divergence().orElseThrow().klNatsPerToken().value();
  }

  @Test
  void end_isTheLedgerOfTheAdapter() {
    Ledger end = measure("store", Progress.none()).stops().getLast().ledger();

    Ledger alone =
        asked.measure(
            TunedModel.base("tiny", model),
            TunedModel.with("tiny", model, run.resolve("adapter")),
            folder.resolve("another store"),
            Progress.none());

    assertThat(LedgerJson.of(end)).isEqualTo(LedgerJson.of(alone));
  }

  @Test
  void killedMeasurement_measuredAgain_isTheSame_andAsksNoMore() {
    RunPath whole = measure("store", Progress.none());

    String last = "divergence on texts sampled from the base";
    int[] divergences = {0};
    assertThatThrownBy(
            () ->
                measure(
                    "killed",
                    point -> {
                      if (point.task().equals(last)
                          && point.done() == 16
                          && ++divergences[0] == 2) {
                        throw new IllegalStateException("killed");
                      }
                    }))
        .hasMessage("killed");
    int[] known = {0};
    RunPath again =
        measure(
            "killed", point -> known[0] += point.task().equals(last) && point.done() == 16 ? 1 : 0);

    assertThat(json(again)).isEqualTo(json(whole));
    assertThat(known[0]).as("found at step 4, measured at the end").isEqualTo(2);
  }

  @Test
  void unfinishedRun_endsAtItsNewestCheckpoint() throws IOException {
    RunPath finished = measure("store", Progress.none());
    Files.delete(run.resolve("result.json"));

    assertThat(json(measure("another store", Progress.none()))).isEqualTo(json(finished));
  }

  @Test
  void fullRun_hasItsEndAlone_andNoScale() {
    run = folder.resolve("full");
    TinyRun.train(model, data, 0, Full.of(Full.FULL, Optional.empty()), run);

    RunPath path = measure("store", Progress.none());

    assertThat(path.stops()).extracting(RunPath.Stop::name).containsExactly("end");
    assertThat(path.unread()).containsExactly(2L, 4L);
    assertThat(kl(path.stops().getFirst())).isPositive();
    assertThatThrownBy(() -> measure("store", Progress.none(), 0.5))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--scales");
  }

  @Test
  void document_keptInTheRun_saysWhichAdapterItIsOf() {
    RunPath path = measure("store", Progress.none());

    assertThat(PathJson.keep(path, NO_OVERLAP, run)).isEqualTo(RunLedger.told(run));

    JsonNode kept = Json.read(run.resolve(PathJson.DOCUMENT));
    assertThat(RunLedger.outdated(kept, run)).isFalse();
    assertThat(kept.get("stops").get(2).propertyNames())
        .contains("name", "step", "scale", "probes", "kl", "kl_on_prompts", "bits_per_byte")
        .doesNotContain("format");
    assertThat(kept.get("stops").get(0).get("kl").propertyNames()).contains("top_agreement");
  }

  @Test
  void scaleOfTheBaseOrTheEnd_isRefused() {
    assertThatThrownBy(() -> new PathJob(asked, List.of(1.0)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--scales 1.0");
  }
}
