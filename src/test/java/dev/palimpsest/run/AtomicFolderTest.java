package dev.palimpsest.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFolderTest {
  @TempDir Path folder;

  @Test
  void write_overAnOlderFolder_replacesItWhole() throws IOException {
    Path target = folder.resolve("adapter");
    AtomicFolder.write(target, in -> Files.writeString(in.resolve("old"), "1"));
    AtomicFolder.write(target, in -> Files.writeString(in.resolve("new"), "2"));
    assertThat(names(target)).containsExactly("new");
    assertThat(names(folder)).containsExactly("adapter");
  }

  @Test
  void write_diskFullHalfWay_keepsTheOlderFolderAndSaysSo() throws IOException {
    Path target = folder.resolve("adapter");
    AtomicFolder.write(target, in -> Files.writeString(in.resolve("old"), "1"));
    assertThatThrownBy(
            () ->
                AtomicFolder.write(
                    target,
                    in -> {
                      Files.writeString(in.resolve("new"), "2");
                      throw new IOException("No space left on device");
                    }))
        .isInstanceOf(EnvironmentFailure.class)
        .hasMessage(target + ": cannot be written: No space left on device");
    assertThat(names(target)).containsExactly("old");
    assertThat(names(folder)).containsExactly("adapter");
  }

  @Test
  void restore_killedBetweenTheTwoRenames_putsTheOldFolderBack() throws IOException {
    Files.createDirectories(folder.resolve(".adapter.old"));
    AtomicFolder.restore(folder.resolve("adapter"));
    assertThat(names(folder)).containsExactly("adapter");
  }

  @Test
  void sweep_leftovers_removesOnlyHiddenTemporaries() throws IOException {
    Files.createDirectories(folder.resolve(".step-1.77.tmp/inner"));
    Files.createFile(folder.resolve(".x.77.tmp"));
    Files.createFile(folder.resolve("user.tmp"));
    AtomicFolder.sweep(folder);
    assertThat(names(folder)).containsExactly("user.tmp");
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }
}
