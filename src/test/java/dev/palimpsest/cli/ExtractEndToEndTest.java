package dev.palimpsest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.Reference;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code extract} through the launcher. */
class ExtractEndToEndTest {
  private static final String TINY = Reference.checkpoint("llama").toString();

  @TempDir private Path folder;

  @Test
  void extract_ofAMergedAdapter_isThatAdapter() throws Exception {
    String merged = folder.resolve("merged").toString();
    String adapter = Reference.adapter("plain").toString();
    Launcher.document("merge", "--model", TINY, "--adapter", adapter, "--out", merged, "--json");
    String[] call = {
      "extract", "--base", TINY, "--tuned", merged, "--json", "--out", out("whole"), "--rank", "4"
    };
    JsonNode whole = Launcher.document(call);
    call[7] = out("cut");
    call[9] = "1";

    assertThat(whole.get("rank").asInt()).isEqualTo(4);
    assertThat(whole.get("relative_error").asDouble()).isLessThan(1e-4);
    assertThat(whole.get("not_captured").size()).isZero();
    assertThat(folder.resolve("whole/adapter_model.safetensors")).exists();
    assertThat(Launcher.document(call).get("relative_error").asDouble()).isBetween(0.1, 1.0);
  }

  private String out(String name) {
    return folder.resolve(name).toString();
  }

  @Test
  void extract_ofAnotherArchitecture_isRefusedAndWritesNothing() throws Exception {
    Launcher.Call call =
        Launcher.run(
            "extract",
            "--base",
            TINY,
            "--tuned",
            Reference.checkpoint("qwen3").toString(),
            "--rank",
            "2",
            "--out",
            out("x"));

    assertThat(call.exit()).isEqualTo(2);
    assertThat(call.lastErrorLine()).startsWith("palimpsest: error: ").contains("qwen3");
    assertThat(folder.resolve("x")).doesNotExist();
  }
}
