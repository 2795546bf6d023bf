package dev.palimpsest.run;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FreeSpaceTest {
  @TempDir Path folder;

  @Test
  void require_moreThanAnyDiskHas_failsNamingPlaceNeedAndRoom() {
    Path place = folder.resolve("not/yet/there");
    assertThatThrownBy(() -> FreeSpace.require(place, Long.MAX_VALUE, "the checkpoint"))
        .isInstanceOf(EnvironmentFailure.class)
        .hasMessageMatching(
            ".*there: disk full: the checkpoint needs [\\d.]+ MB, [\\d.]+ MB are.*");
    assertThatCode(() -> FreeSpace.require(place, 1, "the checkpoint")).doesNotThrowAnyException();
  }
}
