package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanDraftTest {
  @TempDir private Path folder;

  private Path data(int rows, String row) throws IOException {
    Path file = folder.resolve("data.jsonl");
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < rows; i++) {
      lines.append(row.formatted(i)).append('\n');
    }
    Files.writeString(file, lines);
    return file;
  }

  @Test
  void write_cutsTheDataAndGivesAPlanThatReads() throws IOException {
    Path data = data(50, "{\"prompt\":\"p%d\",\"completion\":\"c\"}");
    Path out = folder.resolve("out \"x\": y");

    List<Path> files = PlanDraft.write(data, "smollm2", out);

    List<String> train = Files.readAllLines(files.get(1));
    List<String> heldOut = Files.readAllLines(files.get(2));
    assertThat(heldOut).hasSize(10);
    List<String> both = new ArrayList<>(train);
    both.addAll(heldOut);
    assertThat(both).containsExactlyInAnyOrderElementsOf(Files.readAllLines(data));
    assertThat(Files.readAllLines(files.get(0))).hasSizeLessThanOrEqualTo(20);
    Plan plan = PlanReader.read(files.get(0));
    assertThat(plan.gain()).containsExactly(files.get(2));
    assertThat(plan.arms()).extracting(Plan.Arm::name).contains("base", "few-shot", "lora-replay");
  }

  @Test
  void write_overAFile_isRefused() throws IOException {
    Path data = data(50, "{\"prompt\":\"p%d\",\"completion\":\"c\"}");
    Files.writeString(folder.resolve("plan.yaml"), "mine");

    assertThatThrownBy(() -> PlanDraft.write(data, "m", folder)).isInstanceOf(BadInput.class);
    assertThat(folder.resolve("plan.yaml")).hasContent("mine");
    assertThat(folder.resolve("train.jsonl")).doesNotExist();
  }

  @Test
  void write_texts_areRefused() throws IOException {
    Path data = data(50, "{\"text\":\"t%d\"}");
    assertThatThrownBy(() -> PlanDraft.write(data, "m", folder))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("prompt and completion");
    assertThat(folder.resolve("heldout.jsonl")).doesNotExist();
  }
}
