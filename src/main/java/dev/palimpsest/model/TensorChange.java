package dev.palimpsest.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * How far a tensor of a base is changed.
 *
 * @param norm of the change (Frobenius)
 * @param relativeNorm that over the norm of the base's tensor
 * @param rowsApart those that only one of the two has, of tokens; they are no part of the norm
 */
public record TensorChange(String name, double norm, double relativeNorm, long rowsApart) {

  /** The tensors that differ and are no linear module of a block: what no plain LoRA can hold. */
  public static List<TensorChange> outsideBlocks(Checkpoint base, Source source) {
    return outsideBlocks(base, source, Set.of());
  }

  /** The same but for some, which are not read. */
  public static List<TensorChange> outsideBlocks(Checkpoint base, Source source, Set<String> held) {
    List<TensorChange> found = new ArrayList<>();
    for (String tensor : ModelTensors.shapes(base.config()).keySet()) {
      if (!inBlocks(tensor) && !held.contains(tensor) && source.changes(tensor)) {
        TensorChange change = of(new ChangedTensor(base, tensor, List.of(source)), source);
        if (change.norm > 0 || change.rowsApart > 0) {
          found.add(change);
        }
      }
    }
    return found;
  }

  private static boolean inBlocks(String tensor) {
    return ModelTensors.LINEAR.stream().anyMatch(each -> tensor.endsWith("." + each + ".weight"));
  }

  private static TensorChange of(ChangedTensor tensor, Source source) {
    double[] squares = new double[2];
    tensor.eachPiece(
        (from, before, changes) -> {
          squares[0] += changes.getFirst().square().sum().item();
          squares[1] += before.square().sum().item();
        });
    return new TensorChange(
        tensor.tensor(),
        Math.sqrt(squares[0]),
        squares[1] > 0 ? Math.sqrt(squares[0] / squares[1]) : 0,
        source.rowsApart(tensor.info()));
  }

  /** For people. */
  @Override
  public String toString() {
    return rowsApart == 0 ? name : name + " (" + rowsApart + " rows that one of the two has not)";
  }
}
