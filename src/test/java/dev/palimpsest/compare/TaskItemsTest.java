package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TaskItemsTest {
  @TempDir Path folder;

  private static TaskItem item(String id, String prompt, String slice) {
    return new TaskItem(id, prompt, "x", slice.isEmpty() ? Optional.empty() : Optional.of(slice));
  }

  @Test
  void promptInTwoParts_isRefused() {
    assertThatThrownBy(
            () ->
                new TaskItems(
                    "t",
                    Map.of(),
                    List.of(item("a", "p", "")),
                    List.of(item("b", "q", "s")),
                    List.of(item("c", "p", "s"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("t: item c occurs twice: p");
  }

  @Test
  void write_metricAndSlice_standOnItemsThatJudgeOnly() {
    TaskItems items =
        new TaskItems(
            "t",
            Map.of("name", "sql"),
            List.of(item("a", "p", "")),
            List.of(item("b", "q\n\"", "s")),
            List.of(item("c", "r", "s")));
    List<Path> files = items.write(folder);
    assertThat(files)
        .extracting(f -> f.getFileName().toString())
        .containsExactly("t-train.jsonl", "t-dev.jsonl", "t-heldout.jsonl");
    assertThat(files.get(0)).hasContent("{\"id\":\"a\",\"prompt\":\"p\",\"completion\":\"x\"}\n");
    assertThat(files.get(1))
        .hasContent(
            "{\"id\":\"b\",\"prompt\":\"q\\n\\\"\",\"completion\":\"x\",\"slice\":\"s\","
                + "\"metric\":{\"name\":\"sql\"}}\n");
    assertThat(folder).isDirectoryNotContaining(f -> f.toString().endsWith(".tmp"));
  }

  @Test
  void emptyCompletion_isRefused() {
    assertThatThrownBy(() -> new TaskItem("a", "p", " ", Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
