package dev.palimpsest.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class InterruptTest {
  /** Works until it is asked to stop; {@code deaf} work never asks. */
  static final class Worker {
    private Worker() {}

    public static void main(String[] arguments) throws Exception {
      Cancellation cancellation = new Cancellation();
      Interrupt.listen(cancellation, () -> System.err.println("stopping"));
      System.err.println("working");
      while (arguments.length > 0 || !cancellation.requested()) {
        Thread.sleep(10);
      }
      System.err.println("kept");
      System.exit(3);
    }
  }

  private static Process start(String... arguments) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Worker.class.getName());
    builder.command().addAll(List.of(arguments));
    return builder.redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
  }

  private static void signal(Process process, String name) throws Exception {
    new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor();
  }

  @Test
  void listen_firstSignal_letsTheWorkEndInOrderWithItsOwnExitCode() throws Exception {
    for (String name : new String[] {"INT", "TERM"}) {
      Process process = start();
      try (BufferedReader log = process.errorReader()) {
        assertThat(log.readLine()).isEqualTo("working");
        signal(process, name);
        assertThat(log.readLine()).isEqualTo("stopping");
        assertThat(log.readLine()).isEqualTo("kept");
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(3);
      } finally {
        process.destroyForcibly();
      }
    }
  }

  @Test
  void listen_secondSignal_endsDeafWorkAtOnce() throws Exception {
    Process process = start("deaf");
    try (BufferedReader log = process.errorReader()) {
      assertThat(log.readLine()).isEqualTo("working");
      signal(process, "INT");
      assertThat(log.readLine()).isEqualTo("stopping");
      signal(process, "INT");
      assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(130);
    } finally {
      process.destroyForcibly();
    }
  }
}
