package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.generate.Prompt;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProbeTest {
  @Test
  void thinned_aLongProbe_isSpreadOverIt() {
    Probe thin = probe(7).thinned(3);

    assertThat(thin.items()).extracting(ProbeItem::id).containsExactly("0", "2", "4");
    assertThat(thin.name()).isEqualTo("p");
  }

  @Test
  void thinned_aShortProbe_staysAsItIs() {
    Probe probe = probe(3);

    assertThat(probe.thinned(3)).isSameAs(probe);
  }

  private static Probe probe(int items) {
    List<ProbeItem> all = new ArrayList<>();
    for (int i = 0; i < items; i++) {
      all.add(
          new ProbeItem.Ask(
              String.valueOf(i), Optional.empty(), Prompt.Chat.of("q" + i), "a", Metric.EXACT));
    }
    return new Probe("p", ProbeKind.GAIN, Path.of(""), all);
  }
}
