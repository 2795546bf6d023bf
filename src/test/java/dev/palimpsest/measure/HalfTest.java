package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HalfTest {
  private static Probe probe(int items, int byDocument) {
    List<ProbeItem> all = new ArrayList<>();
    Map<String, String> documents = new HashMap<>();
    for (int i = 0; i < items; i++) {
      all.add(new ProbeItem.Read("id" + i, Optional.empty(), "text " + i));
      if (byDocument > 1) {
        documents.put("id" + i, "document " + i / byDocument);
      }
    }
    return new Probe("texts", ProbeKind.RETENTION, Path.of(""), all, documents);
  }

  private static Set<String> ids(Probe probe) {
    Set<String> ids = new HashSet<>();
    probe.items().forEach(item -> ids.add(item.id()));
    return ids;
  }

  @Test
  void of_items_areInOneHalfEach() {
    Probe probe = probe(400, 1);
    Set<String> selection = ids(Half.SELECTION.of(probe));
    Set<String> report = ids(Half.REPORT.of(probe));

    assertThat(selection).doesNotContainAnyElementsOf(report);
    assertThat(selection.size() + report.size()).isEqualTo(400);
    assertThat(selection.size()).isBetween(160, 240);
  }

  @Test
  void of_aDocument_isWholeInOneHalf() {
    Probe probe = probe(400, 8);
    for (Half half : Half.values()) {
      Map<String, Integer> counts = new HashMap<>();
      Probe own = half.of(probe);
      own.items().forEach(item -> counts.merge(own.document(item).orElseThrow(), 1, Integer::sum));
      assertThat(counts.values()).containsOnly(8);
    }
  }

  @Test
  void of_oneItem_isRefusedByTheOtherHalf() {
    Probe probe = probe(1, 1);

    assertThatThrownBy(
            () -> {
              Half.SELECTION.of(probe);
              Half.REPORT.of(probe);
            })
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("probe texts: its 1 items all fall into one half");
  }
}
