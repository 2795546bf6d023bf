package dev.palimpsest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What a user reads of failures that only a full machine has. */
class FailuresTest {
  @Test
  void ofWork_gpuIsFull_saysSoInOneLineAndWhatToDo() {
    assertThat(
            said(
                "CUDA out of memory. Tried to allocate 20.00 MiB.\n"
                    + "Exception raised from malloc at /c10/cuda/CUDACachingAllocator.cpp:1 (most"
                    + " recent call first):\n"
                    + "frame #0: a"))
        .isEqualTo(
            "palimpsest: error: out of memory (CUDA out of memory. Tried to allocate 20.00 MiB.):"
                + " take a smaller --batch or --max-length\n");
  }

  @Test
  void ofWork_memoryIsFull_saysSoInOneLineAndWhatToDo() {
    assertThat(said("DefaultCPUAllocator: can't allocate memory: 9 bytes.\nframe #0: b"))
        .isEqualTo(
            "palimpsest: error: out of memory (DefaultCPUAllocator: can't allocate memory: 9"
                + " bytes.): take a smaller --batch or --max-length\n");
  }

  @Test
  void ofWork_anyOther_keepsItsLines() {
    assertThat(said("one\ntwo")).isEqualTo("palimpsest: error: one two\n");
  }

  private static String said(String message) {
    CommandLine commands = Main.commandLine();
    PrintStream before = System.err;
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
    try {
      int code =
          Failures.ofWork(
              new RuntimeException(message), commands, commands.parseArgs("pull", "smollm2"));
      assertThat(code).isEqualTo(1);
    } finally {
      System.setErr(before);
    }
    return said.toString(StandardCharsets.UTF_8);
  }
}
