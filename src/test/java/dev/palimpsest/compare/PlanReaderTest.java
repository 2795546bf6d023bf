package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.generate.Shots;
import dev.palimpsest.run.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanReaderTest {
  @TempDir private Path folder;

  private Plan read(String text) throws IOException {
    Path file = folder.resolve("plan.yaml");
    Files.writeString(file, text);
    return PlanReader.read(file);
  }

  @Test
  void read_everything() throws IOException {
    Plan plan =
        read(
            """
            model: smollm2
            gain: held.jsonl
            retention: [built-in, old.jsonl]
            seeds: [1, 2]
            reference: prompt
            max-tokens: 32
            texts: 0
            timed: 3
            price-per-hour: 0.5
            arms:
              base: {}
              bare:
              prompt: {system: "Be brief.", examples: train.jsonl, shots: 3}
              there: {adapter: runs/a/adapter}
              lora: {tune: {data: train.jsonl, lr: 1e-3, extra: [a, b]}}
            """);

    assertThat(plan)
        .isEqualTo(
            new Plan(
                "smollm2",
                List.of(Path.of("held.jsonl")),
                List.of(Path.of("old.jsonl")),
                true,
                List.of(1L, 2L),
                "prompt",
                new Plan.Sizes(32, 0, 3),
                OptionalDouble.of(0.5),
                List.of(
                    arm("base", new Plan.Change.None()),
                    arm("bare", new Plan.Change.None()),
                    new Plan.Arm(
                        "prompt",
                        Optional.of("Be brief."),
                        Optional.of(new Shots(Path.of("train.jsonl"), OptionalInt.of(3))),
                        new Plan.Change.None()),
                    arm("there", new Plan.Change.Adapted(Path.of("runs/a/adapter"))),
                    arm(
                        "lora",
                        new Plan.Change.Tuned(
                            Map.of("data", "train.jsonl", "lr", "0.001", "extra", "a,b"))))));
  }

  private static Plan.Arm arm(String name, Plan.Change change) {
    return new Plan.Arm(name, Optional.empty(), Optional.empty(), change);
  }

  @Test
  void read_whatIsNotSaid_isUsual() throws IOException {
    Plan plan = read("{model: m, gain: g.jsonl, arms: {first: {}, second: {}}}");

    assertThat(plan.reference()).isEqualTo("first");
    assertThat(plan.seeds()).containsExactly(0L);
    assertThat(plan.sizes()).isEqualTo(Plan.Sizes.USUAL);
    assertThat(plan.price()).isEmpty();
    assertThat(plan.builtIn()).isFalse();
  }

  @Test
  void read_muchWrong_allIsTold() {
    assertThatThrownBy(
            () ->
                read(
                    """
                    gian: g.jsonl
                    seeds: [1, 1]
                    reference: nobody
                    max-tokens: 0
                    texts: -1
                    timed: some
                    price-per-hour: cheap
                    arms:
                      one: {shots: 2, colour: red}
                      "two words": {adapter: a, tune: {data: {x: y}}}
                      three: text
                    """))
        .isInstanceOf(BadInput.class)
        .hasMessageContainingAll(
            "model is missing",
            "gian is unknown",
            "seeds:",
            "no arm is called nobody",
            "max-tokens: give a whole number from 1",
            "texts: give a whole number from 0",
            "timed:",
            "price-per-hour:",
            "arms.one.shots: of which file?",
            "arms.one.colour is unknown",
            "arms.two words: a name",
            "arms.two words.adapter and tune",
            "arms.two words.tune.data",
            "arms.three: give keys",
            "give a probe");
  }

  @Test
  void read_noYaml_lineIsTold() {
    assertThatThrownBy(() -> read("model: m\narms: {base: {}\n"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("plan.yaml, line ");
  }
}
