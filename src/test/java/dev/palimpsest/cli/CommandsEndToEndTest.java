package dev.palimpsest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.run.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The verbs through the launcher, on a tiny model and on the real one. */
class CommandsEndToEndTest {
  private static final String TINY = "src/test/resources/checkpoints/llama";
  private static final String WEIGHTS = "adapter/adapter_model.safetensors";

  @TempDir private Path folder;
  private Path data;

  @BeforeEach
  void writeData() throws IOException {
    data = folder.resolve("data.jsonl");
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 12; i++) {
      rows.append(
          "{\"id\": \"r%d\", \"prompt\": \"%d plus 1\", \"completion\": \"%d\"}\n"
              .formatted(i, i, i + 1));
    }
    Files.writeString(data, rows);
  }

  private static JsonNode document(String... arguments) throws Exception {
    Launcher.Call call = Launcher.run(arguments);
    assertThat(call.exit()).as(call.err()).isZero();
    return Json.parse(call.out(), "stdout");
  }

  @Test
  void pull_theDefaultModel_tellsWhatItIs() throws Exception {
    JsonNode pulled = document("pull", "smollm2", "--json");

    assertThat(pulled.get("parameters").asLong()).isEqualTo(134_515_008);
    assertThat(pulled.get("architecture").asString()).isEqualTo("llama");
    assertThat(pulled.get("license").asString()).isEqualTo("Apache-2.0");
  }

  @Test
  void generate_theDefaultModel_answers() throws Exception {
    JsonNode answer =
        document(
            "generate",
            "--model",
            "smollm2",
            "--dtype",
            "fp32",
            "--max-tokens",
            "12",
            "--prompt",
            "What is the capital of France?",
            "--json");

    assertThat(answer.get("items").get(0).get("text").asString())
        .isEqualTo("The capital of France is Paris.");
    assertThat(answer.get("items").get(0).get("finish_reason").asString()).isEqualTo("stop");
  }

  @Test
  void score_rows_hasOneItemEach() throws Exception {
    JsonNode scored = document("score", "--model", TINY, "--data", data.toString(), "--json");

    assertThat(scored.get("items").size()).isEqualTo(12);
    assertThat(scored.get("items").get(3).get("id").asString()).isEqualTo("r3");
    assertThat(scored.get("items").get(3).get("logprob").asDouble()).isNegative();
    assertThat(scored.get("nll_per_token").asDouble()).isPositive();
  }

  @Test
  void tune_sameSeed_givesTheSameBytes() throws Exception {
    tune(folder.resolve("a"), "6");
    tune(folder.resolve("b"), "6");

    assertThat(folder.resolve("a").resolve(WEIGHTS))
        .hasSameBinaryContentAs(folder.resolve("b").resolve(WEIGHTS));
    assertThat(Files.readAllLines(folder.resolve("a/metrics.jsonl"))).hasSize(6);
  }

  @Test
  void tune_killedAndResumed_givesTheBytesOfAnUninterruptedRun() throws Exception {
    Path whole = folder.resolve("whole");
    Path cut = folder.resolve("cut");
    tune(whole, "300");
    Process process =
        Launcher.start(folder.resolve("out"), folder.resolve("err"), tuneCall(cut, "300"));
    Path metrics = cut.resolve("metrics.jsonl");
    while (process.isAlive()
        && !(Files.exists(metrics) && Files.readAllLines(metrics).size() > 25)) {
      Thread.sleep(10);
    }
    process.destroyForcibly().waitFor();
    assertThat(cut.resolve(WEIGHTS)).doesNotExist();

    JsonNode resumed = document("tune", "--resume", cut.toString(), "--json");

    assertThat(resumed.get("steps").asInt()).isEqualTo(300);
    assertThat(cut.resolve(WEIGHTS)).hasSameBinaryContentAs(whole.resolve(WEIGHTS));
    assertThat(document("tune", "--resume", cut.toString(), "--json")).isEqualTo(resumed);
  }

  @Test
  void ledger_ofATunedModel_pairsItems() throws Exception {
    tune(folder.resolve("a"), "6");
    Path items = folder.resolve("items.jsonl");

    JsonNode ledger =
        document(
            "ledger",
            "--before",
            TINY,
            "--after",
            TINY + "+" + folder.resolve("a/adapter"),
            "--gain",
            data.toString(),
            "--texts",
            "4",
            "--max-tokens",
            "4",
            "--items",
            items.toString(),
            "--json");

    JsonNode probe = ledger.get("probes").get(0);
    assertThat(probe.get("n").asInt()).isEqualTo(12);
    assertThat(probe.get("kind").asString()).isEqualTo("gain");
    assertThat(ledger.get("kl_nats_per_token").asDouble()).isPositive();
    assertThat(Files.readAllLines(items)).hasSize(12);
  }

  private void tune(Path run, String steps) throws Exception {
    JsonNode tuned = document(tuneCall(run, steps));
    assertThat(tuned.get("steps").asInt()).isEqualTo(Integer.parseInt(steps));
    assertThat(tuned.get("trained_tokens").asLong()).isPositive();
  }

  private String[] tuneCall(Path run, String steps) {
    return new String[] {
      "tune",
      "--model",
      TINY,
      "--data",
      data.toString(),
      "--out",
      run.toString(),
      "--rank",
      "4",
      "--lr",
      "1e-2",
      "--batch",
      "4",
      "--steps",
      steps,
      "--checkpoint-every",
      "10",
      "--seed",
      "7",
      "--json"
    };
  }
}
