package dev.palimpsest.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderManifestTest {
  @TempDir Path folder;

  @BeforeEach
  void seal() throws IOException {
    Files.createDirectories(folder.resolve("sub"));
    Files.writeString(folder.resolve("sub/a"), "abc");
    FolderManifest.seal(folder, Map.of("source", "test"));
  }

  @Test
  void in_sealedFolder_readsBackWithTheKnownHash() {
    FolderManifest manifest = FolderManifest.in(folder).orElseThrow();
    assertThat(manifest.about()).containsExactly(Map.entry("source", "test"));
    assertThat(manifest.files()).hasSize(1);
    assertThat(manifest.files().getFirst().name()).isEqualTo("sub/a");
    assertThat(manifest.files().getFirst().sha256())
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assertThat(manifest.damage(folder)).isEmpty();
    assertThat(manifest.damageAtAGlance(folder)).isEmpty();
  }

  @Test
  void damage_truncatedChangedOrMissing_namesTheFile() throws IOException {
    FolderManifest manifest = FolderManifest.in(folder).orElseThrow();
    Files.writeString(folder.resolve("sub/a"), "ab");
    assertThat(manifest.damageAtAGlance(folder)).contains("sub/a");
    Files.writeString(folder.resolve("sub/a"), "abX");
    assertThat(manifest.damage(folder)).contains("sub/a");
    Files.setLastModifiedTime(folder.resolve("sub/a"), FileTime.fromMillis(1));
    assertThat(manifest.damageAtAGlance(folder)).contains("sub/a");
    Files.delete(folder.resolve("sub/a"));
    assertThat(manifest.damageAtAGlance(folder)).contains("sub/a");
  }

  @Test
  void in_manifestTornOrOfAnotherFormat_isEmpty() throws IOException {
    Path file = folder.resolve(FolderManifest.NAME);
    String text = Files.readString(file);
    Files.writeString(file, text.substring(0, text.length() / 2));
    assertThat(FolderManifest.in(folder)).isEmpty();
    Files.writeString(file, text.replace("\"version\" : 1", "\"version\" : 2"));
    assertThat(FolderManifest.in(folder)).isEmpty();
    Files.delete(file);
    assertThat(FolderManifest.in(folder)).isEmpty();
  }
}
