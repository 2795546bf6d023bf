package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Progress;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelStoreHubTest {
  private static final String WEIGHTS = "w".repeat(1_000_000);

  @TempDir Path folder;
  private FakeHub hub;
  private ModelStore store;

  @BeforeEach
  void make() throws IOException {
    hub =
        new FakeHub()
            .file("config.json", "{}")
            .file("tokenizer.json", "{\"t\":1}")
            .file("model.safetensors", WEIGHTS)
            .file("pytorch_model.bin", "pickled, not wanted")
            .file("consolidated.safetensors", "the same weights again, not wanted");
    store = store(hub.endpoint(), Optional.empty());
  }

  private ModelStore store(URI endpoint, Optional<URI> proxy) {
    return store(endpoint, proxy, Progress.none());
  }

  private ModelStore store(URI endpoint, Optional<URI> proxy, Progress progress) {
    return new ModelStore(
        folder.resolve("cache"),
        progress,
        new PullSettings("python3", endpoint, Optional.of("secret"), proxy));
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  @Test
  void pull_repository_fetchesWhatAModelNeedsAndNothingElse() throws IOException {
    Pulled pulled = store.pull("hf:org/tiny");
    assertThat(pulled.source()).isEqualTo("hf:org/tiny@" + FakeHub.COMMIT);
    assertThat(pulled.license()).contains("mit");
    assertThat(FakePip.names(pulled.path()))
        .containsExactly("config.json", "files.json", "model.safetensors", "tokenizer.json");
    assertThat(pulled.path().resolve("model.safetensors")).hasContent(WEIGHTS);
    assertThat(store.pull("hf:org/tiny")).isEqualTo(pulled);
    assertThat(hub.requests.stream().filter(r -> r.startsWith("/cdn/"))).hasSize(3);
  }

  @Test
  void pull_redirectToAnotherHost_keepsTheTokenBack() {
    store.pull("hf:org/tiny");
    assertThat(hub.requests)
        .filteredOn(r -> r.startsWith("/api/"))
        .allMatch(r -> r.endsWith(" Bearer secret"));
    assertThat(hub.requests)
        .filteredOn(r -> r.startsWith("/cdn/"))
        .isNotEmpty()
        .noneMatch(r -> r.contains("secret"));
  }

  @Test
  void pull_connectionLostHalfWay_goesOnFromThere() {
    CountDownLatch half = new CountDownLatch(1);
    hub.breakOnceHalfWay("model.safetensors", half);
    Progress progress =
        point -> {
          if (point.done() == WEIGHTS.length() / 2) {
            half.countDown();
          }
        };
    Pulled pulled = store(hub.endpoint(), Optional.empty(), progress).pull("hf:org/tiny");
    assertThat(pulled.path().resolve("model.safetensors")).hasContent(WEIGHTS);
    assertThat(hub.requests).contains("/cdn/model.safetensors bytes=500000-");
  }

  @Test
  void pull_digestMismatch_namesBothAndKeepsNothingThatLooksFinished() throws IOException {
    hub.lieAbout("model.safetensors");
    assertThatThrownBy(() -> store.pull("hf:org/tiny"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("f".repeat(64))
        .hasMessageContaining("model.safetensors");
    assertThat(FakePip.names(folder.resolve("cache")))
        .noneMatch(name -> name.contains("model.safetensors"));
  }

  @Test
  void locate_cached_asksNobodyAndSeesATruncatedFile() throws IOException {
    Path model = store.pull("hf:org/tiny").path();
    int before = hub.requests.size();
    assertThat(store.locate("hf:org/tiny")).isEqualTo(model);
    assertThat(hub.requests).hasSize(before);
    Files.writeString(model.resolve("model.safetensors"), "short");
    assertThat(store.locate("hf:org/tiny").resolve("model.safetensors")).hasContent(WEIGHTS);
  }

  @Test
  void pull_hubGone_usesTheCacheElseSaysWhatToDo() {
    Pulled pulled = store.pull("hf:org/tiny");
    hub.close();
    assertThat(store.pull("hf:org/tiny")).isEqualTo(pulled);
    assertThatThrownBy(() -> store.pull("hf:org/other"))
        .isInstanceOf(EnvironmentFailure.class)
        .hasMessageContaining("127.0.0.1 cannot be reached")
        .hasMessageContaining("HF_ENDPOINT");
  }

  @Test
  void pull_throughAProxy_reachesAHostThatHasNoAddressHere() {
    ModelStore behind = store(URI.create("http://hub.invalid"), Optional.of(hub.endpoint()));
    assertThat(behind.pull("hf:org/tiny").path().resolve("config.json")).hasContent("{}");
  }

  @Test
  void pull_refusals_areToldApart() {
    assertThatThrownBy(() -> store.pull("hf:org/none")).isInstanceOf(BadInput.class);
    hub.status = 401;
    assertThatThrownBy(() -> store.pull("hf:org/tiny"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("HF_TOKEN");
    hub.status = 503;
    assertThatThrownBy(() -> store.pull("hf:org/tiny"))
        .isInstanceOf(EnvironmentFailure.class)
        .hasMessageContaining("503");
  }

  @Test
  void pull_repositoryWithoutWeights_isBadInput() throws IOException {
    hub.close();
    hub = new FakeHub().file("config.json", "{}").file("x.gguf", "GGUF");
    assertThatThrownBy(() -> store(hub.endpoint(), Optional.empty()).pull("hf:org/tiny"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("model*.safetensors");
  }
}
