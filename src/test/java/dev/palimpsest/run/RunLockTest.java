package dev.palimpsest.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLockTest {
  @TempDir Path folder;

  @Test
  void take_heldByAnotherProcess_failsWithItsPidAndSucceedsOnceItIsKilled() throws Exception {
    Path file = folder.resolve("a/.lock");
    Process holder = LockHolder.start(file);
    try {
      assertThatThrownBy(() -> RunLock.take(file, "RUN", Duration.ofMillis(120)))
          .isInstanceOf(EnvironmentFailure.class)
          .hasMessageContaining("RUN: process " + holder.pid() + " ");
    } finally {
      holder.destroyForcibly().waitFor();
    }
    RunLock.take(file, "RUN", Duration.ZERO).close();
    assertThat(Files.readString(file).strip())
        .isEqualTo(String.valueOf(ProcessHandle.current().pid()));
  }

  @Test
  void take_heldWithinTheProcess_isRefusedAndLeavesTheFirstLockAgainstOthers() throws Exception {
    Path file = folder.resolve(".lock");
    try (RunLock first = RunLock.take(file, "RUN")) {
      assertThat(first).isNotNull();
      assertThatThrownBy(() -> RunLock.take(file, "RUN", Duration.ZERO))
          .isInstanceOf(EnvironmentFailure.class)
          .hasMessageContaining(ProcessHandle.current().pid() + " (this one)");
      // the refused try must not have given the first lock back: a second process still fails
      assertThatThrownBy(() -> LockHolder.start(file))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("Exception");
    }
  }

  @Test
  void take_givenBackWhileWaiting_succeeds() throws Exception {
    Path file = folder.resolve(".lock");
    RunLock first = RunLock.take(file, "RUN");
    Thread other =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    Thread.sleep(100);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                  first.close();
                });
    RunLock.take(file, "RUN", Duration.ofSeconds(5)).close();
    other.join();
  }
}
