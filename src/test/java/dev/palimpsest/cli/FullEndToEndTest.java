package dev.palimpsest.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.run.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** The methods whose product is a model, through the launcher. */
class FullEndToEndTest {
  private static final String TINY = "src/test/resources/checkpoints/llama";

  @TempDir private Path folder;
  private Path data;

  @BeforeEach
  void writeData() throws IOException {
    data = folder.resolve("data.jsonl");
    Files.writeString(data, "{\"prompt\": \"2 plus 1\", \"completion\": \"3\"}\n".repeat(4));
  }

  private static JsonNode document(List<String> arguments) throws Exception {
    Launcher.Call call = Launcher.run(arguments.toArray(String[]::new));
    assertThat(call.exit()).as(call.err()).isZero();
    return Json.parse(call.out(), "stdout");
  }

  private List<String> tune(String run, String... more) {
    List<String> call =
        new ArrayList<>(
            List.of("tune", "--model", TINY, "--data", data.toString(), "--json", "--out", run));
    call.addAll(List.of(more));
    return call;
  }

  @Test
  void tune_full_givesAModelThatScoresAndMeetsItsBaseInALedger() throws Exception {
    Path run = folder.resolve("run");
    JsonNode tuned =
        document(
            tune(
                run.toString(),
                "--method",
                "full",
                "--lr",
                "1e-3",
                "--steps",
                "8",
                "--eval",
                data.toString()));
    String model = run.resolve("model").toString();

    JsonNode scored =
        document(List.of("score", "--model", model, "--data", data.toString(), "--json"));

    assertThat(scored.get("nll_per_token").asDouble())
        .isCloseTo(tuned.get("eval_loss").asDouble(), within(1e-5))
        .isLessThan(
            document(List.of("score", "--model", TINY, "--data", data.toString(), "--json"))
                .get("nll_per_token")
                .asDouble());
    JsonNode answered =
        document(
            List.of(
                "generate",
                "--model",
                model,
                "--prompt",
                "2 plus 1",
                "--max-tokens",
                "3",
                "--json"));
    assertThat(answered.get("items")).hasSize(1);
    JsonNode ledger =
        document(
            List.of(
                "ledger",
                "--before",
                TINY,
                "--after",
                model,
                "--probe",
                data.toString(),
                "--max-tokens",
                "4",
                "--json"));
    assertThat(ledger.get("kl_nats_per_token").asDouble()).isPositive();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--method freeze | --method freeze: give --train",
        "--method freeze --train layers:5 | --train layers:5: the model has layers 0 to 1",
        "--method full --train norms | --train norms: give it with --method freeze",
        "--train norms | '--method lora: leave out --train, which is freeze''s'",
        "--method full --rank 4 | '--method full: leave out --rank, which is an adapter''s'",
        "--optimizer adam | --optimizer adam: known are adamw, adamw8bit, adafactor, sgd"
      })
  void tune_badCall_isRefusedAndLeavesNoRun(String options, String expected) throws Exception {
    Path run = folder.resolve("run");

    Launcher.Call call =
        Launcher.run(tune(run.toString(), options.split(" ", -1)).toArray(String[]::new));

    assertThat(call.exit()).isEqualTo(2);
    assertThat(call.out()).isEmpty();
    assertThat(call.lastErrorLine()).startsWith("palimpsest: error: ").contains(expected);
    assertThat(run).doesNotExist();
  }
}
