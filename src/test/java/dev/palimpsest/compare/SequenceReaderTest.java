package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SequenceReaderTest {
  @TempDir private Path folder;

  private SequencePlan read(String text) throws IOException {
    return SequenceReader.read(Files.writeString(folder.resolve("plan.yaml"), text));
  }

  @Test
  void read_aPlan_sharesOptionsUnlessATaskSaysOtherwise() throws IOException {
    SequencePlan plan =
        read(
            """
            model: smollm2
            mode: stacked
            tune: {epochs: 2, lr: 1e-3}
            tasks:
              form: {gain: form.jsonl, tune: {data: form-train.jsonl}}
              facts: {gain: facts.jsonl, tune: {data: facts-train.jsonl, epochs: 4}}
            retention: built-in
            orders: [[form, facts], [facts, form]]
            seeds: [1, 2]
            """);

    assertThat(plan.mode()).isEqualTo(SequencePlan.Mode.STACKED);
    assertThat(plan.builtIn()).isTrue();
    assertThat(plan.orders()).containsExactly(List.of("form", "facts"), List.of("facts", "form"));
    assertThat(plan.seeds()).containsExactly(1L, 2L);
    assertThat(plan.task("form").options())
        .isEqualTo(Map.of("epochs", "2", "lr", "0.001", "data", "form-train.jsonl"));
    assertThat(plan.task("facts").options()).containsEntry("epochs", "4");
  }

  @Test
  void read_thePenaltysWeight_isChecked() throws IOException {
    String plan =
        """
        model: smollm2
        mode: orthogonal
        tune: {orthogonal-weight: %s}
        tasks:
          a: {gain: a.jsonl, tune: {data: a.jsonl}}
          b: {gain: b.jsonl, tune: {data: b.jsonl}}
        """;

    assertThat(read(plan.formatted("1e-5")).task("b").options())
        .containsEntry("orthogonal-weight", "1.0E-5");
    assertThat(read(plan.formatted("2.5")).task("b").options())
        .containsEntry("orthogonal-weight", "2.5");
    assertThatThrownBy(() -> read(plan.formatted("0")))
        .isInstanceOf(BadInput.class)
        .hasMessageContainingAll(
            "tasks.a.tune.orthogonal-weight: give a number above 0, not 0", "tasks.b.tune");
  }

  @Test
  void read_faults_areToldAllAtOnce() {
    assertThatThrownBy(
            () ->
                read(
                    """
                    mode: merged
                    tune: {from: adapter, orthogonal-to: adapter, orthogonal-weight: 2}
                    tasks:
                      "a b": {tune: {rank: 4}}
                    orders: [[form]]
                    probes: none
                    """))
        .isInstanceOf(BadInput.class)
        .hasMessageContainingAll(
            "probes is unknown",
            "mode: merged is unknown; known are same, stacked, orthogonal, projected, fresh",
            "tune.from: each stage has it by the mode",
            "tune.orthogonal-to: each stage has it by the mode",
            "tasks.a b.tune.orthogonal-weight: is of mode orthogonal alone",
            "tasks.a b: a name has letters",
            "tasks.a b.gain is missing",
            "tasks.a b.tune.rank: one adapter goes through all tasks",
            "tasks.a b.tune.data is missing",
            "tasks: give at least two",
            "model is missing",
            "orders: give lists of all the tasks");
  }
}
