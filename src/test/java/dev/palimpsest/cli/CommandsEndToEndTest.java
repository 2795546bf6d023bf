package dev.palimpsest.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.run.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
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
    return Launcher.document(arguments);
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
  void port_anAdapter_isWrittenWithItsLedger() throws Exception {
    Path out = folder.resolve("ported");

    JsonNode ported =
        document(
            "port",
            "--adapter",
            "src/test/resources/adapters/plain",
            "--from",
            TINY,
            "--to",
            TINY,
            "--data",
            data.toString(),
            "--method",
            "activations",
            "--gain",
            data.toString(),
            "--texts",
            "0",
            "--out",
            out.toString(),
            "--json");

    assertThat(ported.get("method").asString()).isEqualTo("activations");
    assertThat(ported.get("on").asString()).isEqualTo("all");
    assertThat(ported.get("ledger").get("probes").get(0).get("n").asInt()).isEqualTo(12);
    assertThat(ported.get("tried").get(0).get("fit").get("error").asDouble()).isLessThan(1e-3);
    assertThat(out.resolve(WEIGHTS)).exists();
  }

  @Test
  void tune_qlora_isOverNf4AndResumable() throws Exception {
    Path run = folder.resolve("q");
    String[] call = {
      "tune",
      "--model",
      TINY,
      "--data",
      data.toString(),
      "--method",
      "qlora",
      "--rank",
      "2",
      "--steps",
      "3",
      "--out",
      run.toString(),
      "--json"
    };

    assertThat(document(call).get("steps").asInt()).isEqualTo(3);
    JsonNode job = Json.read(run.resolve("run.json")).findPath("job");
    assertThat(job.get("precision").asString()).isEqualToIgnoringCase("nf4");
    assertThat(document("tune", "--resume", run.toString(), "--json").get("steps").asInt())
        .isEqualTo(3);
    JsonNode scored =
        document(
            "score",
            "--model",
            TINY,
            "--adapter",
            run + "/adapter",
            "--dtype",
            "int8",
            "--data",
            data.toString(),
            "--json");
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
    tune(whole, "150");
    Process process =
        Launcher.start(folder.resolve("out"), folder.resolve("err"), tuneCall(cut, "150"));
    Path metrics = cut.resolve("metrics.jsonl");
    while (process.isAlive()
        && !(Files.exists(metrics) && Files.readAllLines(metrics).size() > 25)) {
      Thread.sleep(10);
    }
    process.destroyForcibly().waitFor();
    assertThat(cut.resolve(WEIGHTS)).doesNotExist();

    JsonNode resumed = document("tune", "--resume", cut.toString(), "--json");

    assertThat(resumed.get("steps").asInt()).isEqualTo(150);
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
    JsonNode onPrompts = ledger.get("kl_on_prompts");
    assertThat(onPrompts.get("on").asString()).contains("gain probes' prompts");
    assertThat(onPrompts.get("texts").asInt()).isEqualTo(4);
    assertThat(onPrompts.get("tokens").asInt()).isBetween(4, 20); // four a prompt, and its end
    assertThat(onPrompts.get("nats_per_token").asDouble()).isPositive();
    assertThat(onPrompts.get("ci95").size()).isEqualTo(2);
    assertThat(Files.readAllLines(items)).hasSize(12);
  }

  @Test
  void ledger_ofARunsAdapter_isKeptInTheRunAndShownByItsReport() throws Exception {
    Path run = folder.resolve("a");
    tune(run, "6");
    JsonNode printed = document(ledgerCall(run));

    Path page = Path.of(document("report", run.toString(), "--json").get("path").asString());

    JsonNode kept = Json.read(run.resolve("ledger.json"));
    assertThat(kept.get("probes")).isEqualTo(printed.get("probes"));
    assertThat(kept.get("before").asString()).isEqualTo(TINY);
    assertThat(Files.readAllLines(run.resolve("items.jsonl"))).hasSize(12);
    assertThat(Files.readString(page))
        .contains("What it could do before", "of 12)", "KL(base\u2016after)")
        .doesNotContain("no ledger was taken");
  }

  @Test
  void ledgerOverTime_tellsOfSamplesAndOfCheckpoints() throws Exception {
    Path run = folder.resolve("a");
    tune(run, "12"); // a checkpoint after the tenth
    String place = run.toString();

    JsonNode samples = document("ledger", "samples", place, "--json");
    JsonNode path =
        document("ledger", "path", place, "--gain", data.toString(), "--texts", "4", "--json");

    assertThat(samples.get("states").valueStream().map(s -> s.get("name").asString()))
        .containsExactly("base", "step 10", "end");
    assertThat(samples.get("n").asInt()).isEqualTo(12);
    assertThat(Files.readAllLines(run.resolve("samples.jsonl"))).hasSize(12);
    assertThat(path.get("stops").valueStream().map(s -> s.get("name").asString()))
        .containsExactly("step 10", "end", "end × 0.25", "end × 0.5", "end × 0.75");
    assertThat(path.get("stops").get(0).get("probes").get(0).get("trained_items")).hasSize(12);
    assertThat(Json.read(run.resolve("path.json")).get("stops")).isEqualTo(path.get("stops"));
  }

  @Test
  void documents_haveTheFieldsThatScriptsRelyOn() throws Exception {
    Path run = folder.resolve("a");
    String rows = data.toString();

    assertThat(document("pull", TINY, "--json").propertyNames())
        .contains("path", "architecture", "parameters", "license", "sha256");
    JsonNode checked = document("check", rows, "--model", TINY, "--quick", "--json");
    assertThat(checked.get("ok").asBoolean()).isTrue();
    assertThat(checked.get("findings").get(0).propertyNames())
        .contains("severity", "code", "where", "message");
    assertThat(document(tuneCall(run, "2")).propertyNames())
        .contains("run", "steps", "trained_tokens", "tokens_per_second", "train_loss")
        .contains("eval_loss", "peak_rss_bytes", "best_step", "best_eval_loss", "gemm_peak_share");
    JsonNode estimate =
        document("estimate", "--model", TINY, "--data", rows, "--price", "36", "--json");
    assertThat(estimate.propertyNames())
        .contains("trained_tokens", "flops", "seconds", "peak_bytes", "cost", "per_epoch");
    assertThat(estimate.get("cost").asDouble())
        .isCloseTo(estimate.get("seconds").asDouble() / 100, within(1e-9));
    JsonNode page = document("report", run.toString(), "--json");
    assertThat(Path.of(page.get("path").asString())).isNotEmptyFile();
    JsonNode scored =
        document("score", "--model", TINY, "--adapter", run + "/adapter", "--data", rows, "--json");
    assertThat(scored.propertyNames()).contains("nll_per_token", "bits_per_byte");
    assertThat(scored.propertyNames()).contains("tokens_per_second");
    assertThat(scored.get("items").get(0).propertyNames())
        .contains("id", "logprob", "tokens", "bytes", "greedy");
    JsonNode answered =
        document("generate", "--model", TINY, "--data", rows, "--max-tokens", "2", "--json");
    assertThat(answered.propertyNames()).contains("tokens_per_second");
    assertThat(answered.get("items").get(0).propertyNames())
        .contains("id", "text", "tokens", "finish_reason");
    JsonNode ledger = document(ledgerCall(run));
    assertThat(ledger.propertyNames()).contains("kl_nats_per_token", "bits_per_byte");
    assertThat(ledger.get("probes").get(0).propertyNames())
        .contains("name", "kind", "n", "before", "after", "delta", "ci95", "lost", "won")
        .contains("mcnemar_p");
  }

  @Test
  void check_randomWeights_areNoBaseForTheData() throws Exception {
    Launcher.Call call = Launcher.run("check", data.toString(), "--model", TINY, "--json");

    assertThat(call.exit()).as(call.err()).isEqualTo(1);
    JsonNode checked = Json.parse(call.out(), "stdout");
    assertThat(checked.get("ok").asBoolean()).isFalse();
    assertThat(checked.get("findings").valueStream().map(f -> f.get("code").asString()))
        .contains("initial-loss", "end-token", "one-batch");
    JsonNode loss = checked.get("initial_loss");
    assertThat(loss.get("nats_per_token").asDouble()).isGreaterThan(loss.get("uniform").asDouble());
    assertThat(checked.get("end_token").get("trained").asInt()).isEqualTo(12);
    assertThat(checked.get("one_batch").get("rows").size()).isEqualTo(4);
  }

  @Test
  void tune_killedAfterItsLastCheckpoint_resumesToTheSameHeldOutLoss() throws Exception {
    Path run = folder.resolve("a");
    JsonNode whole = document(with(tuneCall(run, "10"), "--eval", data.toString()));
    Files.delete(run.resolve("result.json"));

    JsonNode resumed = document("tune", "--resume", run.toString(), "--json");

    assertThat(whole.get("eval_loss").isNumber()).isTrue();
    assertThat(resumed.get("eval_loss")).isEqualTo(whole.get("eval_loss"));
    assertThat(resumed.get("train_loss")).isEqualTo(whole.get("train_loss"));
  }

  @Test
  void tune_resumedFromAnotherFolder_findsTheModelOfARelativePath() throws Exception {
    Path run = folder.resolve("a");
    JsonNode whole = document(tuneCall(run, "10"));
    Files.delete(run.resolve("result.json"));

    Launcher.Call resumed =
        Launcher.run(
            process -> process.directory(folder.toFile()),
            "tune",
            "--resume",
            run.toString(),
            "--json");

    assertThat(resumed.exit()).as(resumed.err()).isZero();
    assertThat(Json.parse(resumed.out(), "stdout").get("train_loss"))
        .isEqualTo(whole.get("train_loss"));
    assertThat(Json.parse(Files.readString(run.resolve("run.json")), "run").propertyNames())
        .contains("job", "base", "data", "palimpsest", "java");
  }

  @Test
  void tune_runAgainByItsRecord_givesTheSameBytes() throws Exception {
    Path run = folder.resolve("a");
    Path again = folder.resolve("b");
    tune(run, "6");

    document("tune", "--config", run + "/run.json", "--out", again.toString(), "--json");
    Files.writeString(data, "{\"prompt\": \"a\", \"completion\": \"b\"}\n");
    Launcher.Call changed =
        Launcher.run("tune", "--config", run + "/run.json", "--out", folder + "/c", "--json");

    assertThat(again.resolve(WEIGHTS)).hasSameBinaryContentAs(run.resolve(WEIGHTS));
    assertThat(changed.exit()).isEqualTo(2);
    assertThat(changed.lastErrorLine()).contains("is not what the run began with");
    assertThat(folder.resolve("c")).doesNotExist();
  }

  @Test
  void score_memoryTooSmall_isOneLineAndExitsOne() throws Exception {
    Launcher.Call call =
        Launcher.run(
            process -> process.environment().put("JDK_JAVA_OPTIONS", "-Xmx33m"),
            "score",
            "--model",
            "smollm2",
            "--data",
            data.toString(),
            "--json");

    assertThat(call.exit()).isEqualTo(1);
    assertThat(call.out()).isEmpty();
    assertThat(call.lastErrorLine()).startsWith("palimpsest: error: out of memory");
    assertThat(call.err()).doesNotContain("\tat ");
  }

  @Test
  void tune_toldToStop_keepsWhatItHasAndSaysSo() throws Exception {
    Path run = folder.resolve("a");
    Path out = folder.resolve("out");
    Process process = Launcher.start(out, folder.resolve("err"), tuneCall(run, "100000"));
    while (process.isAlive() && !Files.exists(run.resolve("metrics.jsonl"))) {
      Thread.sleep(10);
    }

    process.destroy(); // SIGTERM, heard as Ctrl-C is

    assertThat(process.waitFor()).isZero();
    JsonNode stopped = Json.parse(Files.readString(out), "stdout");
    assertThat(stopped.get("finished").asBoolean()).isFalse();
    assertThat(run.resolve("checkpoints")).isNotEmptyDirectory();
  }

  @Test
  void tune_runAtWorkElsewhere_isRefusedWithItsPid() throws Exception {
    Path run = folder.resolve("a");
    Process first =
        Launcher.start(folder.resolve("out"), folder.resolve("err"), tuneCall(run, "100000"));
    try {
      while (first.isAlive() && !Files.exists(run.resolve("metrics.jsonl"))) {
        Thread.sleep(10);
      }

      Launcher.Call second = Launcher.run("tune", "--resume", run.toString(), "--json");

      assertThat(second.exit()).isEqualTo(1);
      assertThat(second.out()).isEmpty();
      assertThat(second.lastErrorLine())
          .startsWith("palimpsest: error: ")
          .contains("process " + first.pid() + " ");
    } finally {
      first.destroyForcibly().waitFor();
    }
  }

  @Test
  void adapterOfAnotherBase_isRefusedUnlessAsked() throws Exception {
    Path run = folder.resolve("a");
    Path other = folder.resolve("other");
    tune(run, "2");
    copyWithAnotherWeight(other);
    String[] call = {
      "ledger",
      "--before",
      other.toString(),
      "--after",
      other + "+" + run.resolve("adapter"),
      "--texts",
      "2",
      "--json"
    };

    Launcher.Call refused = Launcher.run(call);

    assertThat(refused.exit()).isEqualTo(2);
    assertThat(refused.out()).isEmpty();
    assertThat(refused.lastErrorLine()).contains("was trained over", "--any-base");
    assertThat(document(with(call, "--any-base")).get("kl_nats_per_token").isNumber()).isTrue();
  }

  @Test
  void ledger_lostMoreThanAllowed_printsTheDocumentAndExitsOne() throws Exception {
    Path run = folder.resolve("a");
    Path known = folder.resolve("known.jsonl");
    JsonNode answers =
        document(
            "generate", "--model", TINY, "--data", data.toString(), "--max-tokens", "4", "--json");
    StringBuilder rows = new StringBuilder();
    for (JsonNode item : answers.get("items")) { // what the base says is right
      if (!item.get("text").asString().matches("(?s).*[a-zA-Z0-9].*")) {
        continue; // such an answer is no completion
      }
      rows.append(
          Json.write(
                  Map.of(
                      "prompt",
                      item.get("id").asString().substring(1) + " plus 1",
                      "completion",
                      item.get("text").asString()))
              + "\n");
    }
    Files.writeString(known, rows);
    tune(run, "100");
    String[] call = {
      "ledger",
      "--before",
      TINY,
      "--after",
      TINY + "+" + run.resolve("adapter"),
      "--probe",
      known.toString(),
      "--texts",
      "0",
      "--max-tokens",
      "4",
      "--json",
      "--fail-if-lost",
      "1%"
    };

    Launcher.Call lost = Launcher.run(call);

    assertThat(lost.exit()).as(lost.err()).isEqualTo(1);
    assertThat(Json.parse(lost.out(), "stdout").get("probes").get(0).get("lost").asInt())
        .isPositive();
  }

  private static void copyWithAnotherWeight(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (String name :
        List.of(
            "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json")) {
      Files.copy(Path.of(TINY, name), folder.resolve(name));
    }
    byte[] weights = Files.readAllBytes(Path.of(TINY, "model.safetensors"));
    weights[weights.length - 3] ^= 1;
    Files.write(folder.resolve("model.safetensors"), weights);
  }

  private String[] ledgerCall(Path run) {
    return new String[] {
      "ledger",
      "--before",
      TINY,
      "--after",
      TINY + "+" + run.resolve("adapter"),
      "--probe",
      data.toString(),
      "--texts",
      "2",
      "--max-tokens",
      "2",
      "--json"
    };
  }

  private static String[] with(String[] call, String... more) {
    return Stream.of(call, more).flatMap(Stream::of).toArray(String[]::new);
  }

  private void tune(Path run, String steps) throws Exception {
    JsonNode tuned = document(tuneCall(run, steps));
    assertThat(tuned.get("steps").asInt()).isEqualTo(Integer.parseInt(steps));
    assertThat(tuned.get("trained_tokens").asLong()).isPositive();
  }

  private String[] tuneCall(Path run, String steps) {
    return Launcher.tuneCall(TINY, data, run, "--steps", steps, "--checkpoint-every", "10");
  }
}
