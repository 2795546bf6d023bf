package dev.palimpsest.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
  @TempDir Path folder;
  private Path run;

  private record Line(long step, double loss) {}

  @BeforeEach
  void name() {
    run = folder.resolve("run");
  }

  @Test
  void create_newRun_hasItsDocumentAndNothingHiddenBesideIt() throws IOException {
    try (RunFolder made = RunFolder.create(run, Map.of("seed", 7))) {
      assertThat(made.about().path("format").asString()).isEqualTo("palimpsest-run");
    }
    assertThat(RunFolder.about(run).path("seed").asInt()).isEqualTo(7);
    assertThat(folder.toFile().list()).containsExactly("run");
    assertThat(RunFolder.result(run)).isEmpty();
  }

  @Test
  void create_overARun_isRefusedAndLeavesIt() throws IOException {
    RunFolder.create(run, Map.of("seed", 7)).close();
    assertThatThrownBy(() -> RunFolder.create(run, Map.of("seed", 8)))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith(run + ": ")
        .hasMessageContaining("--resume");
    assertThat(RunFolder.about(run).path("seed").asInt()).isEqualTo(7);
    assertThat(folder.toFile().list()).containsExactly("run");
  }

  @Test
  void create_overSomethingElse_isRefused() throws IOException {
    Files.createDirectories(run.resolve("photos"));
    assertThatThrownBy(() -> RunFolder.create(run, Map.of()))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("is no run");
    Files.writeString(folder.resolve("file"), "x");
    assertThatThrownBy(() -> RunFolder.create(folder.resolve("file"), Map.of()))
        .isInstanceOf(BadInput.class);
  }

  @Test
  void create_whereAKilledStartWasLeft_sweepsIt() throws IOException {
    Files.createDirectories(folder.resolve(".run.4194999.starting"));
    Files.createFile(folder.resolve(".run.4194999.starting/.lock"));
    RunFolder.create(run, Map.of()).close();
    assertThat(folder.toFile().list()).containsExactly("run");
  }

  @Test
  void openOrCreate_whileAnotherProcessTrains_failsWithItsPid() throws Exception {
    RunFolder.create(run, Map.of()).close();
    Process holder = LockHolder.start(run.resolve(".lock"));
    try {
      assertThatThrownBy(() -> RunFolder.open(run))
          .isInstanceOf(EnvironmentFailure.class)
          .hasMessageContaining("process " + holder.pid());
      assertThatThrownBy(() -> RunFolder.create(run, Map.of()))
          .isInstanceOf(EnvironmentFailure.class)
          .hasMessageContaining("process " + holder.pid());
    } finally {
      holder.destroyForcibly().waitFor();
    }
    RunFolder.open(run).close();
  }

  @Test
  void log_afterAResume_keepsWholeLinesAndDropsATornOne() throws IOException {
    try (RunFolder first = RunFolder.create(run, Map.of())) {
      first.log(1, new Line(1, 2.5));
      first.log(2, new Line(2, 2.25));
    }
    Files.writeString(run.resolve("metrics.jsonl"), "{\"step\":3,\"lo", StandardOpenOption.APPEND);
    assertThat(RunFolder.metrics(run)).hasSize(2);
    try (RunFolder again = RunFolder.open(run)) {
      assertThat(again.lastLoggedStep()).isEqualTo(2);
      again.log(2, new Line(2, 99));
      again.log(3, new Line(3, 2.0));
    }
    assertThat(run.resolve("metrics.jsonl"))
        .hasContent(
            """
            {"step":1,"loss":2.5}
            {"step":2,"loss":2.25}
            {"step":3,"loss":2.0}
            """);
  }

  @Test
  void checkpoint_diskFullHalfWay_keepsTheOneBefore() {
    try (RunFolder open = RunFolder.create(run, Map.of())) {
      open.checkpoint(5, in -> Files.writeString(in.resolve("state"), "five"));
      assertThatThrownBy(
              () ->
                  open.checkpoint(
                      10,
                      in -> {
                        Files.writeString(in.resolve("state"), "te");
                        throw new IOException("No space left on device");
                      }))
          .isInstanceOf(EnvironmentFailure.class)
          .hasMessageContaining("No space left on device");
      assertThat(open.latestCheckpoint().orElseThrow().step()).isEqualTo(5);
    }
  }

  @Test
  void latestCheckpoint_changedFile_isRefusedByName() throws IOException {
    try (RunFolder open = RunFolder.create(run, Map.of())) {
      open.checkpoint(5, in -> Files.writeString(in.resolve("state"), "five"));
      Files.writeString(run.resolve("checkpoints/step-00000005/state"), "fife");
      assertThatThrownBy(open::latestCheckpoint)
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("step-00000005/state");
    }
  }

  @Test
  void pruneCheckpoints_keepsTheNewest() {
    try (RunFolder open = RunFolder.create(run, Map.of())) {
      for (long step : new long[] {900_000_000, 2, 10}) {
        open.checkpoint(step, in -> Files.writeString(in.resolve("state"), "s"));
      }
      open.pruneCheckpoints(2);
      assertThat(open.checkpoints())
          .extracting(RunFolder.SavedStep::step)
          .containsExactly(10L, 900_000_000L);
    }
  }

  @Test
  void open_afterAKill_sweepsHalfWrittenFolders() throws IOException {
    RunFolder.create(run, Map.of()).close();
    Files.createDirectories(run.resolve("checkpoints/.step-00000005.99.tmp"));
    Files.createDirectories(run.resolve(".adapter.99.tmp"));
    RunFolder.open(run).close();
    assertThat(run.resolve("checkpoints")).isEmptyDirectory();
    assertThat(run.resolve(".adapter.99.tmp")).doesNotExist();
  }

  @Test
  void open_productSetAsideByAKilledProcess_isPutBack() throws IOException {
    try (RunFolder first = RunFolder.create(run, Map.of())) {
      first.write("adapter", in -> Files.writeString(in.resolve("weights"), "old"));
    }
    Files.move(run.resolve("adapter"), run.resolve(".adapter.old")); // killed before the second

    RunFolder.open(run).close();

    assertThat(run.resolve("adapter/weights")).hasContent("old");
    assertThat(run.resolve(".adapter.old")).doesNotExist();
  }

  @Test
  void finish_result_isReadWithoutTheLock() {
    try (RunFolder open = RunFolder.create(run, Map.of())) {
      open.write("adapter", in -> Files.writeString(in.resolve("adapter_config.json"), "{}"));
      open.finish(Map.of("steps", 3));
      assertThat(RunFolder.result(run).orElseThrow().path("steps").asInt()).isEqualTo(3);
      assertThat(run.resolve("adapter/adapter_config.json")).exists();
    }
  }

  @Test
  void about_noRunOrAnotherFormat_isRefused() throws IOException {
    assertThatThrownBy(() -> RunFolder.open(run))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("no run.json");
    Files.createDirectories(run);
    Files.writeString(run.resolve("run.json"), "{\"format\":\"palimpsest-run\",\"version\":9}");
    assertThatThrownBy(() -> RunFolder.open(run))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("9");
  }
}
