package dev.palimpsest.merge;

import dev.palimpsest.model.ChangedTensor;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.EndWeights;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.Source;
import dev.palimpsest.model.TokenRows;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a tuned model has in the place of a base's embedding and head, as PEFT stores it: rows of
 * the tokens that differ ({@code trainable_token_indices}), or the whole ({@code modules_to_save})
 * where most do. Tied ends are one.
 */
record TunedEnds(EndWeights weights, List<Extracted.Stored> told) {
  /** None. */
  static final TunedEnds NONE = new TunedEnds(EndWeights.NONE, List.of());

  /**
   * Reads them, in the scope that is open.
   *
   * @throws BadInput if the two have not as many tokens
   */
  static TunedEnds of(Checkpoint base, Source.Tuned tuned) {
    int before = base.config().vocabulary();
    int after = tuned.model().config().vocabulary();
    if (before != after) {
      throw new BadInput(
          ("%s: has %,d tokens, its base %,d, and an adapter holds no rows that its base has not;"
                  + " leave --ends out, or give a base with these tokens (grow --method tokens"
                  + " makes one)")
              .formatted(tuned.name(), after, before));
    }
    Map<String, Tensor> whole = new LinkedHashMap<>();
    Map<String, TokenRows> rows = new LinkedHashMap<>();
    List<Extracted.Stored> told = new ArrayList<>();
    for (List<String> modules : ends(base)) {
      String name = modules.getFirst() + ".weight";
      List<Integer> ids = differing(new ChangedTensor(base, name, List.of(tuned)));
      if (ids.isEmpty()) {
        continue;
      }
      Tensor all = tuned.model().weights().read(name, DType.F32);
      long count = 2L * ids.size() > before ? before : ids.size();
      if (count == before) {
        modules.forEach(module -> whole.put(module, all));
      } else {
        TokenRows own = new TokenRows(ids, all.rows(Tensor.ofIndices(ids)));
        modules.forEach(module -> rows.put(module, own));
        all.close();
      }
      told.add(new Extracted.Stored(name, count, count * base.config().width()));
    }
    return new TunedEnds(new EndWeights(whole, rows), told);
  }

  /** Modules that share one matrix. */
  private static List<List<String>> ends(Checkpoint base) {
    return base.config().tiedHead()
        ? List.of(List.of(ModelTensors.EMBEDDING_MODULE, ModelTensors.HEAD_MODULE))
        : List.of(List.of(ModelTensors.EMBEDDING_MODULE), List.of(ModelTensors.HEAD_MODULE));
  }

  private static List<Integer> differing(ChangedTensor tensor) {
    List<Integer> ids = new ArrayList<>();
    tensor.eachPiece(
        (from, before, changes) -> {
          double[] squares = changes.getFirst().square().sum(1).doubles();
          for (int i = 0; i < squares.length; i++) {
            if (squares[i] != 0) {
              ids.add(Math.toIntExact(from + i));
            }
          }
        });
    return ids;
  }

  /** The tensors. */
  Set<String> names() {
    return told.stream().map(Extracted.Stored::name).collect(Collectors.toSet());
  }
}
