package dev.palimpsest.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private static final long SECOND = 1_000_000_000L;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
  private final AtomicLong now = new AtomicLong();

  private String text() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void lines_manyPoints_showsOneInTenSecondsAndTheEnd() {
    Progress progress = Progress.lines(out, now::get);
    for (int step = 0; step <= 100; step++) {
      now.set(step * SECOND / 4);
      progress.report(new Progress.Point("tune", step, 100, "steps", "loss 1.50"));
    }
    progress.report("tune", 100, 100, "steps");
    progress.close();
    assertThat(text())
        .isEqualTo(
            """
            tune: 40 of 100 steps (40 %), 4.0 steps/s, 0:15 left, loss 1.50
            tune: 80 of 100 steps (80 %), 4.0 steps/s, 0:05 left, loss 1.50
            tune: 100 of 100 steps (100 %), 4.0 steps/s, 0:25, loss 1.50
            """);
  }

  @Test
  void lines_resumedTask_doesNotCountWhatWasDoneBeforeInItsRate() {
    Progress progress = Progress.lines(out, now::get);
    progress.report("tune", 50, 100, "steps");
    now.set(10 * SECOND);
    progress.report("tune", 60, 100, "steps");
    assertThat(text()).isEqualTo("tune: 60 of 100 steps (60 %), 1.0 steps/s, 0:40 left\n");
  }

  @Test
  void lines_bytesOfUnknownTotal_areMegabytes() {
    Progress progress = Progress.lines(out, now::get);
    progress.report("pull", 0, 0, "bytes");
    now.set(2 * SECOND);
    progress.report("pull", 30_000_000, 0, "bytes");
    progress.close();
    assertThat(text()).isEqualTo("pull: 30.0 MB, 15.0 MB/s\n");
  }

  @Test
  void lines_nextTask_endsTheOneBefore() {
    Progress progress = Progress.lines(out, now::get);
    progress.report("a", 0, 10, "items");
    now.set(SECOND);
    progress.report("a", 5, 10, "items");
    progress.report("b", 0, 10, "items");
    assertThat(text()).isEqualTo("a: 5 of 10 items (50 %), 5.0 items/s, 0:01 left\n");
  }

  @Test
  void bar_completeTask_endsItsLine() {
    Progress progress = Progress.bar(out);
    progress.report("tune", 0, 3, "steps");
    progress.report(new Progress.Point("tune", 3, 3, "steps", "loss 1.50"));
    progress.report("tune", 3, 3, "steps");
    progress.close();
    assertThat(text())
        .startsWith("\r")
        .contains("tune", "100%", "3/3 steps", "  loss 1.50")
        .endsWith("\n");
  }
}
