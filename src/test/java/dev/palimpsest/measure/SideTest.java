package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SideTest {
  @TempDir private Path folder;

  @Test
  void parse_modelAlone_hasNoAdapter() {
    assertThat(Side.parse("smollm2")).isEqualTo(new Side("smollm2", Optional.empty()));
  }

  @Test
  void parse_modelWithAPlusOfItsOwn_endsBeforeTheFolder() throws IOException {
    Path adapter = Files.createDirectory(folder.resolve("adapter"));

    assertThat(Side.parse("pypi:p==1+local+" + adapter))
        .isEqualTo(new Side("pypi:p==1+local", Optional.of(adapter)));
  }

  @Test
  void parse_adapterUnderAFolderWithAPlus_isFound() throws IOException {
    Path adapter = Files.createDirectories(folder.resolve("a+b/adapter"));

    assertThat(Side.parse("smollm2+" + adapter))
        .isEqualTo(new Side("smollm2", Optional.of(adapter)));
  }

  @Test
  void parse_folderWithAPlusInItsName_isAModel() throws IOException {
    String model = Files.createDirectory(folder.resolve("a+b")).toString();

    assertThat(Side.parse(model)).isEqualTo(new Side(model, Optional.empty()));
  }

  @Test
  void parse_adapterMissing_isRefused() {
    assertThatThrownBy(() -> Side.parse("smollm2+" + folder.resolve("nowhere")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("no adapter folder");
  }
}
