package dev.palimpsest.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
  @TempDir Path folder;

  @Test
  void write_streamFailsHalfWay_keepsTheOldFileAndNothingElse() throws IOException {
    Path file = folder.resolve("a.json");
    AtomicFile.write(file, "old");
    assertThatThrownBy(
            () ->
                AtomicFile.write(
                    file,
                    out -> {
                      out.write(1);
                      throw new IOException("No space left on device");
                    }))
        .isInstanceOf(EnvironmentFailure.class)
        .hasMessage(file + ": cannot be written: No space left on device");
    assertThat(file).hasContent("old");
    assertThat(folder).isDirectoryContaining(p -> p.equals(file));
    assertThat(folder.toFile().list()).hasSize(1);
  }

  @Test
  void write_targetIsAFolderWithFiles_saysWhy() throws IOException {
    Path file = folder.resolve("a");
    Files.createDirectories(file.resolve("b"));
    assertThatThrownBy(() -> AtomicFile.write(file, "x"))
        .isInstanceOf(EnvironmentFailure.class)
        .hasMessageStartingWith(file + ": cannot be written: ")
        .hasMessageNotContaining("Exception");
  }

  @Test
  void write_realFullDisk_saysNoSpaceLeft() {
    Path full = Path.of("/dev/full");
    Assumptions.assumeTrue(Files.exists(full), "this platform has no full device");
    assertThatThrownBy(() -> Files.write(full, new byte[] {1}))
        .isInstanceOf(IOException.class)
        .satisfies(
            e ->
                assertThat(EnvironmentFailure.of("x: cannot be written", (IOException) e))
                    .hasMessage("x: cannot be written: No space left on device"));
  }
}
