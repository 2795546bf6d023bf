package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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

  /**
   * The same on a device, in the scope that is open; one set of rows stays one.
   *
   * @param device another than these lie on
   */
  EndWeights on(Device device) {
    IdentityHashMap<TokenRows, TokenRows> moved = new IdentityHashMap<>();
    Map<String, Tensor> matrices = new LinkedHashMap<>(whole);
    matrices.replaceAll((module, each) -> each.to(device));
    Map<String, TokenRows> tokens = new LinkedHashMap<>(rows);
    tokens.replaceAll(
        (module, each) ->
            moved.computeIfAbsent(each, it -> new TokenRows(it.ids(), it.rows().to(device))));
    return new EndWeights(matrices, tokens);
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

  /**
   * How far some rows of a module's matrix are changed, in the scope that is open.
   *
   * @param before the base's, F64
   * @param from number of the first
   * @return of the same shape, F64
   */
  Tensor change(String module, Tensor before, long from) {
    Tensor given = whole.get(module);
    Tensor change =
        given == null
            ? Tensor.zeros(DType.F64, before.shape())
            : given.narrow(0, from, before.size(0)).to(DType.F64).minus(before);
    TokenRows own = rows.get(module);
    if (own != null) {
      int first = Math.toIntExact(from);
      own.in(IntStream.range(first, first + Math.toIntExact(before.size(0))).toArray())
          .ifPresent(
              at ->
                  change.copyRowsFrom(
                      own.rows().rows(at.rows()).to(DType.F64).minus(before.rows(at.places())),
                      at.places()));
    }
    return change;
  }

  /** Whether embedding and head are changed alike. */
  @SuppressWarnings("ReferenceEquality") // one set of rows, not two that are alike
  boolean alike() {
    return rows.get(ModelTensors.EMBEDDING_MODULE) == rows.get(ModelTensors.HEAD_MODULE)
        && same(whole.get(ModelTensors.EMBEDDING_MODULE), whole.get(ModelTensors.HEAD_MODULE));
  }

  private static boolean same(@Nullable Tensor one, @Nullable Tensor two) {
    if (one == null || two == null) {
      return one == null && two == null;
    }
    try (Scope _ = Scope.open()) {
      return one.dtype() == two.dtype() && one.minus(two).abs().sum().item() == 0;
    }
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
