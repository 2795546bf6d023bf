package dev.palimpsest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.Reference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code sequence} through the launcher. */
class SequenceEndToEndTest {
  @TempDir private Path folder;

  private String plan(String mode) throws IOException {
    for (String task : new String[] {"one", "two"}) {
      Files.writeString(
          folder.resolve(task + ".jsonl"),
          """
          {"id": "1", "prompt": "%1$s 1", "completion": "a"}
          {"id": "2", "prompt": "%1$s 2", "completion": "b"}
          """
              .formatted(task));
    }
    String text =
        """
        model: %1$s
        mode: %3$s
        max-tokens: 3
        tune: {rank: 2, steps: 2, batch: 2, lr: 0.01}
        tasks:
          one: {gain: %2$s/one.jsonl, tune: {data: %2$s/one.jsonl}}
          two: {gain: %2$s/two.jsonl, tune: {data: %2$s/two.jsonl}}
        """
            .formatted(Reference.checkpoint("llama"), folder, mode);
    return Files.writeString(folder.resolve("plan.yaml"), text).toString();
  }

  @Test
  void sequence_ofTwoTasks_hasAStageEach() throws Exception {
    String out = folder.resolve("out").toString();
    JsonNode result = Launcher.document("sequence", plan("same"), "--out", out, "--json");
    JsonNode course = result.get("courses").get(0);

    assertThat(course.get("matrix").size()).isEqualTo(2);
    assertThat(course.get("stages").get(1).get("task").asString()).isEqualTo("two");
    assertThat(course.get("stages").get(1).get("since_learned").has("one")).isTrue();
    assertThat(course.get("summary").get("forgetting").isNumber()).isTrue();
    assertThat(course.at("/summary/forgetting_ci95").size()).isEqualTo(2);
    assertThat(folder.resolve("out/sequence.json")).exists();
    assertThat(folder.resolve("out/report.html")).content().contains("learned here");
  }

  @Test
  void sequence_ofAnUnknownMode_isRefused() throws Exception {
    Launcher.Call call =
        Launcher.run("sequence", plan("both"), "--out", folder.resolve("out").toString());

    assertThat(call.exit()).isEqualTo(2);
    assertThat(call.lastErrorLine()).contains("mode: both is unknown");
    assertThat(folder.resolve("out")).doesNotExist();
  }
}
