package dev.palimpsest.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.model.Safetensors;
import dev.palimpsest.model.SafetensorsWriter;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code merge} through the launcher. */
class MergeEndToEndTest {
  private static final String TINY = Reference.checkpoint("llama").toString();
  private static final String ADAPTER = Reference.adapter("plain").toString();

  @TempDir private Path folder;

  @Test
  void merge_anAdapter_scoresAsTheBaseWithIt() throws Exception {
    Path data =
        Files.writeString(
            folder.resolve("d.jsonl"),
            "{\"id\":\"a\",\"prompt\":\"1 and \",\"completion\":\"2\"}\n");
    String out = folder.resolve("merged").toString();
    JsonNode merged =
        Launcher.document("merge", "--model", TINY, "--adapter", ADAPTER, "--out", out, "--json");
    String[] score = {"score", "--dtype", "fp32", "--data", data.toString(), "--json", "--model"};

    assertThat(merged.get("method").asString()).isEqualTo("linear");
    assertThat(merged.get("modules").asInt()).isEqualTo(14);
    assertThat(merged.get("kept_energy").asDouble()).isEqualTo(1);
    assertThat(merged.get("realised_delta").asDouble()).isCloseTo(1, within(1e-5));
    assertThat(logprob(score, out))
        .isCloseTo(logprob(score, TINY, "--adapter", ADAPTER), within(1e-4))
        .isNotCloseTo(logprob(score, TINY), within(1e-3));
  }

  private static double logprob(String[] score, String... model) throws Exception {
    List<String> call = new ArrayList<>(List.of(score));
    call.addAll(List.of(model));
    return Launcher.document(call.toArray(String[]::new))
        .get("items")
        .get(0)
        .get("logprob")
        .asDouble();
  }

  @Test
  void merge_adapterWhoseTensorsAreNamedAsPaths_isRefusedAndWritesNothing() throws Exception {
    Path adapter = Files.createDirectory(folder.resolve("adapter"));
    Files.copy(Path.of(ADAPTER, "adapter_config.json"), adapter.resolve("adapter_config.json"));
    try (Safetensors file = Safetensors.open(Path.of(ADAPTER, "adapter_model.safetensors"));
        Scope _ = Scope.open()) {
      List<SafetensorsWriter.Plan> plans = new ArrayList<>();
      file.tensors().values().forEach(each -> plans.add(renamed(each)));
      SafetensorsWriter.write(
          adapter.resolve("adapter_model.safetensors"),
          plans,
          name ->
              Tensor.zeros(
                  DType.F32,
                  plans.stream()
                      .filter(plan -> plan.name().equals(name))
                      .findFirst()
                      .orElseThrow()
                      .shape()));
    }
    List<Path> before = tree();
    Launcher.Call call =
        Launcher.run(
            "merge",
            "--model",
            TINY,
            "--adapter",
            adapter.toString(),
            "--out",
            folder.resolve("out").toString());

    assertThat(call.exit()).isEqualTo(2);
    assertThat(call.lastErrorLine()).contains("../../../escaped is no factor");
    assertThat(tree()).isEqualTo(before);
  }

  private static SafetensorsWriter.Plan renamed(Safetensors.Entry entry) {
    boolean first = entry.name().endsWith("layers.0.self_attn.q_proj.lora_A.weight");
    String name = first ? "base_model.model.../../../escaped" : entry.name();
    return new SafetensorsWriter.Plan(name, DType.F32, entry.shape());
  }

  private List<Path> tree() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.sorted().toList();
    }
  }
}
