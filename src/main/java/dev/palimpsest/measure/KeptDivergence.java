package dev.palimpsest.measure;

import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.run.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How far models lie from one base along texts that the base wrote. The store keeps the texts and
 * what was measured along each, so that neither is done twice.
 *
 * @param base that writes
 * @param asked which texts
 */
public record KeptDivergence(
    TunedModel base, Asked asked, ObservationStore store, Progress progress) {
  /** What is kept and how it is made; another name makes all of it anew. */
  private static final String FORMAT = "divergence/1";

  /**
   * Which texts.
   *
   * @param count how many
   * @param tokens of each at most
   * @param seed of their draws
   */
  public record Asked(int count, int tokens, long seed) {}

  /** Where a model lies; empty if every text ended at once. */
  public Optional<Divergence> of(TunedModel after) {
    List<int[]> written = texts();
    if (written.isEmpty()) {
      return Optional.empty();
    }
    List<String> keys =
        written.stream().map(ids -> key("along", after.key(), Arrays.toString(ids))).toList();
    Map<String, String> known = store.find(keys);
    List<Integer> missing = new ArrayList<>();
    for (int i = 0; i < keys.size(); i++) {
      if (!known.containsKey(keys.get(i))) {
        missing.add(i);
      }
    }
    if (!missing.isEmpty()) {
      List<KlDivergence.Passage> passages =
          missing.stream().map(i -> KlDivergence.Passage.whole(written.get(i))).toList();
      List<Divergence.Text> fresh = KlDivergence.between(base, after, progress).along(passages);
      Map<String, String> values = new LinkedHashMap<>();
      for (int i = 0; i < fresh.size(); i++) {
        values.put(keys.get(missing.get(i)), Json.write(fresh.get(i)));
      }
      store.append(values);
      known.putAll(values);
    }
    return Optional.of(
        Divergence.of(BaseTexts.NAME, keys.stream().map(key -> read(known.get(key), Divergence.Text.class)).toList()));
  }

  private List<int[]> texts() {
    String key = key("texts", asked);
    String known = store.find(List.of(key)).get(key);
    if (known != null) {
      return List.of(read(known, int[][].class));
    }
    progress.report("texts of the base", 0, 1, "samples");
    List<int[]> written =
        BaseTexts.sample(base.model(), asked.count, asked.tokens, new Seeds(asked.seed));
    store.append(Map.of(key, Json.write(written)));
    return written;
  }

  private String key(Object... parts) {
    String all = FORMAT + base.key() + Arrays.toString(parts);
    return Sha256.of(all.getBytes(StandardCharsets.UTF_8));
  }

  private static <T> T read(String kept, Class<T> type) {
    return Json.mapper().readValue(kept, type);
  }
}
