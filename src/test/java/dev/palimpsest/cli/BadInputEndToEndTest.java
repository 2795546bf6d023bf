package dev.palimpsest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A wrong call or input: exit 2, nothing on stdout, one line that says what and where. */
class BadInputEndToEndTest {
  private static final String TINY = "src/test/resources/checkpoints/llama";

  @TempDir private Path folder;

  private static void refused(String expected, String... arguments) throws Exception {
    Launcher.Call call = Launcher.run(arguments);

    assertThat(call.exit()).as(call.err()).isEqualTo(2);
    assertThat(call.out()).isEmpty();
    assertThat(call.lastErrorLine()).startsWith("palimpsest: error: ").contains(expected);
    assertThat(call.err().strip()).doesNotContain("\n", "\tat ");
  }

  private String file(String text) throws IOException {
    return Files.writeString(folder.resolve("data.jsonl"), text).toString();
  }

  private void refusedByTune(String expected, String data, String... options) throws Exception {
    Path run = folder.resolve("run");
    List<String> call =
        new ArrayList<>(
            List.of("tune", "--model", TINY, "--data", data, "--out", run.toString(), "--json"));
    call.addAll(List.of(options));
    refused(expected, call.toArray(String[]::new));
    assertThat(run).doesNotExist();
  }

  private String row() throws IOException {
    return file("{\"prompt\":\"a\",\"completion\":\"b\"}\n");
  }

  @Test
  void tune_missingFile_isNamed() throws Exception {
    refusedByTune("nowhere.jsonl: no such file", folder.resolve("nowhere.jsonl").toString());
  }

  @Test
  void tune_settingOfAnotherMethod_isNamed() throws Exception {
    refusedByTune("--tokens", row(), "--tokens", "4");
    refusedByTune("--rank", row(), "--method", "prefix", "--rank", "4");
    refusedByTune("--tokens 0", row(), "--method", "soft-prompt", "--tokens", "0");
  }

  @Test
  void tune_brokenLine_isNumbered() throws Exception {
    refusedByTune("line 2", file("{\"prompt\":\"a\",\"completion\":\"b\"}\n{\"prompt\":\n"));
  }

  @Test
  void tune_unknownField_isNamed() throws Exception {
    refusedByTune("colour", file("{\"prompt\":\"a\",\"completion\":\"b\",\"colour\":1}\n"));
  }

  @Test
  void tune_emptyData_isRefused() throws Exception {
    refusedByTune("data.jsonl", file("\n"));
  }

  @Test
  void tune_tooLongExample_isNamed() throws Exception {
    String row =
        "{\"id\":\"long\",\"prompt\":\"%s\",\"completion\":\"b\"}\n"
            .formatted("word ".repeat(2000));
    refusedByTune("long", file(row));
  }

  @ParameterizedTest
  @CsvSource({
    "--rank, 0",
    "--alpha, NaN",
    "--targets, nothing_here",
    "--steps, 0",
    "--lr, Infinity",
    "--clip, NaN",
    "--weight-decay, Infinity",
    "--epochs, 0",
    "--checkpoint-every, -1",
    "--keep-checkpoints, -2",
    "--eval-every, -3",
    "--threads, -4",
    "--eval-fraction, 0.9",
    "--eval, nowhere.jsonl",
    "--replay, nowhere.jsonl:10%",
    "--replay, 1000%:1000%",
    "--map, nonsense",
    "--stop-if-lost, much"
  })
  void tune_badSetting_isNamedAndLeavesNoRun(String option, String value) throws Exception {
    refusedByTune(value.replaceFirst(":.*", ""), row(), option, value);
  }

  @Test
  void tune_settingBesideResume_isRefused() throws Exception {
    refused("--lr beside --resume", "tune", "--resume", "run", "--json", "--lr", "1e-3");
    refused("--data beside --resume", "tune", "--resume", "run", "--data", row());
  }

  @Test
  void tune_unknownKeyOfAConfiguration_isNamed() throws Exception {
    Path config = Files.writeString(folder.resolve("tune.yaml"), "stpes: 3\n");
    refusedByTune("tune.yaml: unknown: stpes; known are", row(), "--config", config.toString());
  }

  @Test
  void tune_valueOfAConfiguration_isNamedLikeAnOptions() throws Exception {
    Path config = Files.writeString(folder.resolve("tune.yaml"), "steps: many\n");
    refusedByTune("'--steps'", row(), "--config", config.toString());
  }

  @Test
  void tune_misspelledOption_isNamedWithTheRightOne() throws Exception {
    refusedByTune("did you mean --steps or", row(), "--stpes", "3");
  }

  @Test
  void sequence_misspelledOptionThatMustBeThere_isNamed() throws Exception {
    refused(
        "Unknown options: '--outt', 'x'; did you mean --out", "sequence", "plan", "--outt", "x");
  }

  @Test
  void sequence_folderForAFileOrFileForAFolder_isNamed() throws Exception {
    String out = row();
    refused("is a folder, not a file", "sequence", TINY, "--out", folder + "/out");
    String plan =
        Files.writeString(
                folder.resolve("plan.yaml"),
                "{model: %s, tasks: {a: {gain: %s, tune: {data: %s}}, b: {gain: %s, tune: {data: %s}}}}"
                    .formatted(TINY, out, out, out, out))
            .toString();
    refused("--out " + out + ": is a file", "sequence", plan, "--out", out);
  }

  @Test
  void extract_twoSizes_areRefused() throws Exception {
    refused(
        "error: --rank=<rank>, --energy=<energy> are mutually exclusive",
        "extract",
        "--base",
        "a",
        "--tuned",
        "b",
        "--rank",
        "4",
        "--energy",
        ".9",
        "--out",
        "x");
  }

  @Test
  void generate_adapterFolderMissing_isNamed() throws Exception {
    refused("nowhere", "generate", "--model", TINY, "--adapter", "nowhere", "--prompt", "a");
  }

  @ParameterizedTest
  @CsvSource({
    "--probe, nowhere.jsonl, no such file",
    "--texts, -1, --texts -1",
    "--fail-if-lost, NaN, not a percentage",
    "--fail-if-lost, -5%, not a percentage"
  })
  void ledger_badSetting_isNamed(String option, String value, String expected) throws Exception {
    refused(expected, "ledger", "--before", TINY, "--after", TINY, option, value, "--json");
  }

  @Test
  void ledgerOverTime_ofNoRun_isRefused() throws Exception {
    refused("nowhere: no run", "ledger", "samples", "nowhere");
  }

  @Test
  void ledger_probeGivenTwice_isRefused() throws Exception {
    String probe = row();
    refused(
        "given twice",
        "ledger",
        "--before",
        TINY,
        "--after",
        TINY,
        "--probe",
        probe,
        "--gain",
        probe);
  }

  @Test
  void score_strideWithoutWindow_isRefused() throws Exception {
    refused("--window", "score", "--model", TINY, "--data", row(), "--stride", "3");
  }

  @Test
  void generate_unknownModel_isNamed() throws Exception {
    refused("no-such-model", "generate", "--model", "no-such-model", "--prompt", "a");
  }

  @Test
  void score_unknownOption_isNamed() throws Exception {
    refused("--strid", "score", "--model", TINY, "--data", "x", "--strid", "3");
  }

  @Test
  void report_folderWithoutARun_isNamed() throws Exception {
    refused("no run", "report", folder.toString(), "--json");
  }

  @Test
  void ledger_missingAdapter_isNamed() throws Exception {
    refused("no adapter folder", "ledger", "--before", TINY, "--after", TINY + "+nowhere");
  }
}
