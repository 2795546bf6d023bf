package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Five changes against the base, and against each other. */
class ControlLedgersTest {
  private static final String LLAMA = Reference.checkpoint("llama").toString();
  private static final Side BASE = new Side(LLAMA, Optional.empty());

  @TempDir private Path folder;

  private static Side adapter(String name) {
    return new Side(LLAMA, Optional.of(Reference.adapter(name)));
  }

  /** Adapters that do differ, in the places of the five. */
  private static SequencedMap<String, Side> five() {
    SequencedMap<String, Side> five = new LinkedHashMap<>();
    five.put("untouched", adapter("plain"));
    five.put("intruders", adapter("second"));
    five.put("shrunk", BASE);
    five.put("random", adapter("plain"));
    five.put("resized", adapter("second"));
    return five;
  }

  private Probe choices() throws IOException {
    StringBuilder items = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      items.append(
          "{\"prompt\": \"%d\", \"choices\": [\" a%d\", \" %d\", \" z\"], \"answer\": %d}%n"
              .formatted(i, i, 7 * i, i % 3));
    }
    Path file = Files.writeString(folder.resolve("choices.jsonl"), items);
    return new ProbeReader().read(file, ProbeKind.RETENTION);
  }

  @Test
  void pairs_holdTheSameAnswersAgainstEachOther() throws IOException {
    LedgerJob.Models models =
        new LedgerJob.Models(
            name -> LanguageModel.load(Path.of(name), Precision.FP32, Device.CPU),
            TunedModel::withForeign,
            (endpoint, _) -> {
              throw new IllegalStateException(endpoint.toString());
            },
            Optional.empty());
    ControlLedgers found =
        ControlLedgers.measure(
            new ControlLedgers.Measuring(
                new LedgerJob(List.of(choices()), 4, 4, 16, 0),
                models,
                folder.resolve("store.sqlite"),
                Progress.none()),
            BASE,
            five());

    assertThat(found.againstBase().keySet()).containsExactlyElementsOf(five().keySet());
    assertThat(found.pairs()).hasSize(3);
    for (ControlLedgers.Pair pair : found.pairs()) {
      Outcome outcome = outcome(pair.ledger());
      assertThat(outcome.before()).isEqualTo(outcome(found, pair.before()).after());
      assertThat(outcome.after()).isEqualTo(outcome(found, pair.after()).after());
      assertThat(pair.ledger().divergence()).isEmpty();
    }
    assertThat(outcome(found.pairs().getFirst().ledger()).delta()).isNotZero();
    Ledger untouched = Objects.requireNonNull(found.againstBase().get("untouched"));
    double moved = untouched.divergence().orElseThrow().klNatsPerToken().value();
    JsonNode document = found.json();
    assertThat(document.at("/against_base/random/kl_nats_per_token").asDouble())
        .isCloseTo(moved, within(1e-12));
    assertThat(document.at("/pairs/0/after").asString()).isEqualTo("intruders");
    assertThat(found.text()).contains("choices, against the base", "KL(base‖shrunk) 0.0000");
  }

  private static Outcome outcome(ControlLedgers found, String name) {
    return outcome(Objects.requireNonNull(found.againstBase().get(name), name));
  }

  private static Outcome outcome(Ledger ledger) {
    return ledger.probes().getFirst().outcome();
  }
}
