package dev.palimpsest.model;

import dev.palimpsest.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What an adapter puts in the place of the base's embedding and head, by module: {@link
 * ModelTensors#EMBEDDING_MODULE}, {@link ModelTensors#HEAD_MODULE}. One changes without the other,
 * also over a base that ties them, unless both are named here.
 *
 * @param whole (vocabulary, width), as stored
 * @param rows of some tokens, over the whole or over the base's
 */
public record EndWeights(Map<String, Tensor> whole, Map<String, TokenRows> rows) {
  /** Nothing. */
  public static final EndWeights NONE = new EndWeights(Map.of(), Map.of());

  /** Copies the maps. */
  public EndWeights {
    whole = Collections.unmodifiableMap(new LinkedHashMap<>(whole));
    rows = Collections.unmodifiableMap(new LinkedHashMap<>(rows));
  }

  /** Whether both ends are the base's. */
  public boolean isEmpty() {
    return whole.isEmpty() && rows.isEmpty();
  }

  /**
   * Rows as a PEFT folder has them: one set for both ends stands there once, as the embedding's.
   */
  @SuppressWarnings("ReferenceEquality") // one set of rows, not two that are alike
  Map<String, TokenRows> writtenRows() {
    Map<String, TokenRows> written = new LinkedHashMap<>(rows);
    TokenRows ofEmbedding = rows.get(ModelTensors.EMBEDDING_MODULE);
    if (ofEmbedding != null && rows.get(ModelTensors.HEAD_MODULE) == ofEmbedding) {
      written.remove(ModelTensors.HEAD_MODULE);
    }
    return written;
  }

  /** The modules that are changed here. */
  TreeSet<String> modules() {
    TreeSet<String> modules = new TreeSet<>(whole.keySet());
    modules.addAll(rows.keySet());
    return modules;
  }

  /** All that is held, each tensor once. */
  Stream<Tensor> tensors() {
    return Stream.concat(whole.values().stream(), rows.values().stream().map(TokenRows::rows))
        .distinct();
  }

  /** Frees all tensors that a scope does not. */
  void close() {
    tensors().forEach(Tensor::close);
  }
}
