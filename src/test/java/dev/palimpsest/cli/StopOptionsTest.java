package dev.palimpsest.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tune.LossLimit;
import dev.palimpsest.tune.TuneJob;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class StopOptionsTest {
  private static TrainingOptions parsed(String... more) {
    TrainingOptions options = new TrainingOptions();
    List<String> call = List.of("--model", "m", "--data", "d.jsonl", "--threads", "1");
    new CommandLine(options)
        .parseArgs(Stream.concat(call.stream(), Stream.of(more)).toArray(String[]::new));
    return options;
  }

  @Test
  void limit_isOfTheJob() {
    TuneJob job =
        parsed(
                "--stop-if-lost=5%",
                "--probe=built-in",
                "--probe=p.jsonl",
                "--eval-every=4",
                "--stop-patience=3",
                "--max-tokens=9")
            .job();

    List<String> probes = List.of("built-in", Path.of("p.jsonl").toAbsolutePath().toString());
    assertThat(job.settings().saving().limit()).hasValue(new LossLimit(probes, 0.05, 3, 9));
  }

  @ParameterizedTest
  @CsvSource({
    "--stop-if-lost=5%, lost of what",
    "--stop-if-lost=much --probe=p, --stop-if-lost much: not a percentage",
    "--stop-if-lost=5% --probe=p, give --eval-every",
    "--stop-if-lost=5% --probe=p --probe=p --eval-every=4, give each once",
    "--stop-if-lost=5% --probe=p --eval-every=4 --max-tokens=0, --max-tokens 0",
    "--probe=p --eval-every=4, go with --stop-if-lost",
    "--stop-if-lost=5% --probe=p --eval-every=4 --stop-patience=0, --stop-patience 0",
    "--max-tokens=9, with that or --keep",
  })
  void limit_saidByHalf_isRefused(String call, String expected) {
    TrainingOptions options = parsed(call.split(" "));
    assertThatThrownBy(options::job).isInstanceOf(BadInput.class).hasMessageContaining(expected);
  }

  @Test
  void limit_besideASearch_isRefused() {
    TrainingOptions options = parsed("--stop-if-lost=5%", "--probe=p", "--eval-every=4");
    assertThatThrownBy(options::unlimited)
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--keep");
    assertThat(parsed("--max-tokens=9").unlimited().settings().saving().limit()).isEmpty();
  }
}
