package dev.palimpsest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.Reference;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code inspect} through the launcher. */
class InspectEndToEndTest {
  private static final String TINY = Reference.checkpoint("llama").toString();

  @TempDir private Path folder;

  @Test
  void inspect_anAdapter_tellsItsModulesAndDrawsThem() throws Exception {
    Path page = folder.resolve("inspection.html");
    Path controls = folder.resolve("controls");
    Path probe = folder.resolve("probe.jsonl");
    Files.writeString(probe, "{\"prompt\":\"a\",\"choices\":[\" b\",\" c\"],\"answer\":0}\n");
    JsonNode found =
        Launcher.document(
            "inspect",
            "--base",
            TINY,
            "--adapter",
            Reference.adapter("plain").toString(),
            "--top",
            "4",
            "--controls",
            controls.toString(),
            "--probe",
            probe.toString(),
            "--texts",
            "0",
            "--html",
            page.toString(),
            "--json");

    assertThat(found.get("modules").size()).isEqualTo(14);
    JsonNode module = found.get("modules").get(0);
    assertThat(module.get("rank").asInt()).isEqualTo(4);
    assertThat(module.get("relative_norm").asDouble()).isPositive();
    assertThat(module.get("null_cosine").asDouble()).isBetween(0.0, 1.0);
    assertThat(module.get("energy_share").asDouble()).isBetween(0.0, 1.0);
    assertThat(page).content().contains("Relative norm by layer", "self_attn.q_proj");
    assertThat(found.at("/controls/against_base").propertyNames())
        .containsExactly("untouched", "intruders", "shrunk", "random", "resized");
    assertThat(found.at("/controls/pairs/0/ledger/probes/0/n").asInt()).isEqualTo(1);
    assertThat(controls.resolve("shrunk/adapter_config.json")).exists();
  }

  @Test
  void inspect_probesWithoutControls_areRefused() throws Exception {
    Launcher.Call call = Launcher.run("inspect", "--base", TINY, "--tuned", TINY, "--built-in");

    assertThat(call.exit()).isEqualTo(2);
    assertThat(call.lastErrorLine()).contains("are put to --controls DIR");
  }

  @Test
  void inspect_wrongNumbers_areRefused() throws Exception {
    Launcher.Call call =
        Launcher.run(
            "inspect", "--base", TINY, "--tuned", TINY, "--epsilon", "2", "--html", "x.html");

    assertThat(call.exit()).isEqualTo(2);
    assertThat(call.lastErrorLine()).contains("--epsilon 2.0");
    assertThat(Path.of("x.html")).doesNotExist();
  }
}
