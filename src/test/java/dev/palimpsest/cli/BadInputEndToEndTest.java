package dev.palimpsest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A wrong call or input: exit 2, nothing on stdout, one line that says what and where. */
class BadInputEndToEndTest {
  private static final String TINY = "src/test/resources/checkpoints/llama";

  @TempDir private Path folder;

  private static void refused(String expected, String... arguments) throws Exception {
    Launcher.Call call = Launcher.run(arguments);

    assertThat(call.exit()).as(call.err()).isEqualTo(2);
    assertThat(call.out()).isEmpty();
    assertThat(call.lastErrorLine()).startsWith("palimpsest: error: ").contains(expected);
    assertThat(call.err()).doesNotContain("\tat ");
  }

  private String file(String text) throws IOException {
    return Files.writeString(folder.resolve("data.jsonl"), text).toString();
  }

  private void refusedByTune(String expected, String data) throws Exception {
    Path run = folder.resolve("run");
    refused(expected, "tune", "--model", TINY, "--data", data, "--out", run.toString());
    assertThat(run).doesNotExist();
  }

  @Test
  void tune_missingFile_isNamed() throws Exception {
    refusedByTune("nowhere.jsonl: no such file", folder.resolve("nowhere.jsonl").toString());
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

  @Test
  void generate_unknownModel_isNamed() throws Exception {
    refused("no-such-model", "generate", "--model", "no-such-model", "--prompt", "a");
  }

  @Test
  void score_unknownOption_isNamed() throws Exception {
    refused("--strid", "score", "--model", TINY, "--data", "x", "--strid", "3");
  }

  @Test
  void ledger_missingAdapter_isNamed() throws Exception {
    refused("no adapter folder", "ledger", "--before", TINY, "--after", TINY + "+nowhere");
  }
}
