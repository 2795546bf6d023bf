package dev.palimpsest.measure;

import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Observes what the store does not know, a chunk at a time, each kept as soon as it is done: a
 * measurement that is killed goes on where it stopped, with the chunks that it would have had.
 *
 * @param write text of an observation
 * @param read the same backwards
 */
record Recall<O>(
    ObservationStore store,
    Progress progress,
    Function<O, String> write,
    Function<String, O> read) {

  /** One of records that are kept as their JSON. */
  static <O extends Record> Recall<O> of(ObservationStore store, Progress progress, Class<O> type) {
    return new Recall<>(store, progress, Json::write, text -> Json.mapper().readValue(text, type));
  }

  /** A thing to observe, and the hash of all that its observation depends on. */
  record Keyed<T>(String key, T item) {}

  /**
   * What the progress shows, and how much is kept at a time.
   *
   * @param unit plural, such as items
   */
  record Task(String name, String unit, int chunk) {}

  /**
   * Observes all.
   *
   * @param ask observes a chunk, in order; made once, and only if something is not known
   * @return in the order of the items
   */
  <T> List<O> observe(Task task, List<Keyed<T>> items, Supplier<Function<List<T>, List<O>>> ask) {
    Map<String, O> known = new HashMap<>();
    store
        .find(items.stream().map(Keyed::key).toList())
        .forEach((key, text) -> known.put(key, read.apply(text)));
    List<Keyed<T>> missing = new ArrayList<>();
    Set<String> seen = new HashSet<>(known.keySet());
    for (Keyed<T> item : items) {
      if (seen.add(item.key())) {
        missing.add(item);
      }
    }
    int done = items.size() - missing.size();
    progress.report(task.name, done, items.size(), task.unit);
    if (!missing.isEmpty()) {
      Function<List<T>, List<O>> asked = ask.get();
      for (int from = 0; from < missing.size(); from += task.chunk) {
        List<Keyed<T>> chunk = missing.subList(from, Math.min(from + task.chunk, missing.size()));
        known.putAll(kept(chunk, asked.apply(chunk.stream().map(Keyed::item).toList())));
        progress.report(task.name, done + from + chunk.size(), items.size(), task.unit);
      }
    }
    return items.stream().map(item -> known.get(item.key())).toList();
  }

  private <T> Map<String, O> kept(List<Keyed<T>> chunk, List<O> observed) {
    if (observed.size() != chunk.size()) {
      throw new IllegalStateException("asked " + chunk.size() + ", got " + observed.size());
    }
    Map<String, O> fresh = new LinkedHashMap<>();
    Map<String, String> texts = new LinkedHashMap<>();
    for (int i = 0; i < chunk.size(); i++) {
      fresh.put(chunk.get(i).key(), observed.get(i));
      texts.put(chunk.get(i).key(), write.apply(observed.get(i)));
    }
    store.append(texts);
    return fresh;
  }
}
