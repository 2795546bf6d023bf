package dev.palimpsest.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.data.Encoder;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.tune.Schedule;
import dev.palimpsest.tune.TuneJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

class ConfigFileTest {
  private static final String EVERYTHING =
      """
      model: smollm2
      data: train.jsonl
      lr: 1e-4 # as on the command line
      schedule: cosine
      rank: 8
      raw: true
      map: {prompt: question, completion: answer}
      extra: [source, url]
      replay: old.jsonl:10%
      threads: 1
      steps:
      """;

  @TempDir private Path folder;

  @Command(defaultValueProvider = ConfigFile.class)
  private static final class Tune {
    @Mixin private RunOptions run = new RunOptions();

    @Option(names = "--help")
    private boolean help;
  }

  private static TuneJob job(String... call) {
    Tune tune = new Tune();
    CommandLine.ParseResult parsed =
        new CommandLine(tune).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(call);
    return tune.run.asked(parsed).job();
  }

  private TuneJob job(String config, List<String> call) throws IOException {
    Path file = Files.writeString(folder.resolve("tune.yaml"), config);
    return job(
        Stream.concat(Stream.of("--config", file.toString(), "--out", "run"), call.stream())
            .toArray(String[]::new));
  }

  @Test
  void keys_areTheOptionsOfTheCommandLine() throws IOException {
    TuneJob read = job(EVERYTHING, List.of());

    assertThat(read)
        .isEqualTo(
            job(
                "--out=run",
                "--model=smollm2",
                "--data=train.jsonl",
                "--lr=1e-4",
                "--schedule=cosine",
                "--rank=8",
                "--raw",
                "--map=prompt=question,completion=answer",
                "--extra=source,url",
                "--replay=old.jsonl:10%",
                "--threads=1"));
    assertThat(read.settings().rate()).isEqualTo(1e-4);
    assertThat(read.settings().schedule()).isEqualTo(Schedule.COSINE);
  }

  @Test
  void json_isReadLikeYaml() throws IOException {
    assertThat(
            job("{\"model\": \"m\", \"data\": \"d.jsonl\", \"lr\": 1e-4, \"steps\": 3}", List.of()))
        .isEqualTo(job("model: m\ndata: d.jsonl\nlr: 1e-4\nsteps: 3\n", List.of()));
  }

  @Test
  void call_winsOverTheFile() throws IOException {
    TuneJob read = job(EVERYTHING, List.of("--lr=3e-4", "--extra=other", "--raw"));

    assertThat(read.settings().rate()).isEqualTo(3e-4);
    assertThat(read.data().extra()).containsExactly("other");
    assertThat(read.data().form()).isEqualTo(Encoder.Form.RAW); // and not its opposite
    assertThat(job(EVERYTHING, List.of("--raw=false")).data().form())
        .isEqualTo(Encoder.Form.TEMPLATE);
  }

  @Test
  void unknownKeys_areNamed() {
    assertThatThrownBy(() -> job("model: m\nlearning_rate: 1\nRank: 3\n", List.of()))
        .hasMessageContaining("tune.yaml: unknown: Rank, learning_rate; known are")
        .hasMessageContaining("lr");
  }

  @ParameterizedTest
  @ValueSource(strings = {"config: a", "resume: run", "help: true"})
  void whatACallSaysOfItself_isNoKey(String line) {
    assertThatThrownBy(() -> job("model: m\n" + line + "\n", List.of()))
        .hasMessageContaining("unknown: " + line.replaceFirst(":.*", ""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"model: [a", "- a", "a", "lr: {a: {b: c}}", "lr: 1\nlr: 2", ""})
  void whatIsNoSetOfOptions_isRefusedWithItsPlace(String text) {
    assertThatThrownBy(() -> job(text, List.of())).hasMessageContaining("tune.yaml");
  }

  @Test
  void run_isMadeAgainByItsRecord() throws IOException {
    TuneJob job = job(EVERYTHING, List.of());
    Path run = folder.resolve("run");
    RunFolder.create(run, Map.of("job", job)).close();
    String record = run.resolve("run.json").toString();

    assertThat(job("--config", record, "--out", "again")).isEqualTo(job);
    assertThatThrownBy(() -> job("--config", record, "--out", "again", "--lr", "1"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("--lr beside --config");
  }
}
