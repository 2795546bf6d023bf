package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.generate.Prompt;
import dev.palimpsest.run.Seeds;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TaskPromptsTest {
  private static final Seeds SEEDS = new Seeds(3);

  @Test
  void of_aGainProbe_takesItsPromptsAndNoOthers() {
    Probe gain = asking("task", ProbeKind.GAIN, 30);
    TaskPrompts task =
        TaskPrompts.of(List.of(asking("old", ProbeKind.RETENTION, 30), gain), 8, SEEDS);

    assertThat(task.kind()).isEqualTo(ProbeKind.GAIN);
    assertThat(task.prompts()).hasSize(8).doesNotHaveDuplicates();
    assertThat(prompts(gain)).containsAll(task.prompts());
    assertThat(task.prompts()).isNotEqualTo(prompts(gain).subList(0, 8)); // drawn, not the first
    assertThat(TaskPrompts.of(List.of(gain), 8, SEEDS)).isEqualTo(task);
  }

  @Test
  void of_retentionProbesAlone_takesTheirs() {
    Probe texts =
        new Probe(
            "texts",
            ProbeKind.GAIN,
            Path.of(""),
            List.of(new ProbeItem.Read("1", Optional.empty(), "text")));

    TaskPrompts task =
        TaskPrompts.of(List.of(texts, asking("old", ProbeKind.RETENTION, 3)), 8, SEEDS);

    assertThat(task.kind()).isEqualTo(ProbeKind.RETENTION);
    assertThat(task.prompts()).hasSize(3);
  }

  @Test
  void of_equalPrompts_areTakenOnce() {
    Probe twice =
        new Probe(
            "twice",
            ProbeKind.GAIN,
            Path.of(""),
            List.of(
                new ProbeItem.Ask("1", Optional.empty(), Prompt.Chat.of("q"), "a", Metric.EXACT),
                new ProbeItem.Ask("2", Optional.empty(), Prompt.Chat.of("q"), "b", Metric.EXACT)));

    assertThat(TaskPrompts.of(List.of(twice), 8, SEEDS).prompts()).hasSize(1);
  }

  private static Probe asking(String name, ProbeKind kind, int items) {
    List<ProbeItem> all = new ArrayList<>();
    for (int i = 0; i < items; i++) {
      all.add(
          new ProbeItem.Choose(
              String.valueOf(i), Optional.empty(), Prompt.Chat.of(name + i), List.of("a", "b"), 0));
    }
    return new Probe(name, kind, Path.of(""), all);
  }

  private static List<Prompt> prompts(Probe probe) {
    return probe.items().stream().map(item -> ((ProbeItem.Choose) item).prompt()).toList();
  }
}
