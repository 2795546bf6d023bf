package dev.palimpsest.tune;

import dev.palimpsest.model.EndWeights;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.TokenRows;
import dev.palimpsest.tensor.FlatView;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Rows of tokens that train, as they lie in a flat vector: one set where embedding and head are
 * tied, else one for each.
 *
 * @param width of a row
 */
record RowLayout(List<Integer> ids, int width, boolean tied) {
  /** No token's. */
  static final RowLayout NONE = new RowLayout(List.of(), 0, true);

  RowLayout {
    ids = List.copyOf(ids);
  }

  /** Of tokens of a model. */
  static RowLayout of(List<Integer> ids, ModelConfig model) {
    return ids.isEmpty() ? NONE : new RowLayout(ids, model.width(), model.tiedHead());
  }

  private List<String> sets() {
    return ids.isEmpty()
        ? List.of()
        : tied
            ? List.of(ModelTensors.EMBEDDING_MODULE)
            : List.of(ModelTensors.EMBEDDING_MODULE, ModelTensors.HEAD_MODULE);
  }

  private long ofSet() {
    return (long) ids.size() * width;
  }

  /** Elements of all sets. */
  long size() {
    return sets().size() * ofSet();
  }

  /** The rows, cut out of a flat vector from an offset on. */
  EndWeights ends(long from, FactorLayout.Cut cut) {
    Map<String, TokenRows> rows = new LinkedHashMap<>();
    for (String module : sets()) {
      long at = from + rows.size() * ofSet();
      rows.put(module, new TokenRows(ids, cut.at(at, ids.size(), width)));
    }
    if (tied && !rows.isEmpty()) {
      rows.put(ModelTensors.HEAD_MODULE, rows.values().iterator().next());
    }
    return new EndWeights(Map.of(), rows);
  }

  /** Where each set lies, in PEFT's names. */
  List<FlatView> tensors(long from) {
    List<FlatView> all = new ArrayList<>();
    for (String module : sets()) {
      long at = from + all.size() * ofSet();
      all.add(new FlatView(PeftFolder.rowsName(module), at, new long[] {ids.size(), width}));
    }
    return all;
  }
}
