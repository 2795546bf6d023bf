package dev.palimpsest.model;

import java.util.ArrayList;
import java.util.List;

/**
 * How far a tensor of a base is changed.
 *
 * @param norm of the change (Frobenius)
 * @param relativeNorm that over the norm of the base's tensor
 */
public record TensorChange(String name, double norm, double relativeNorm) {

  /** The tensors that differ and are no linear module of a block: what no plain LoRA can hold. */
  public static List<TensorChange> outsideBlocks(Checkpoint base, Source source) {
    List<TensorChange> found = new ArrayList<>();
    for (String tensor : ModelTensors.shapes(base.config()).keySet()) {
      if (!inBlocks(tensor) && source.changes(tensor)) {
        TensorChange change = of(new ChangedTensor(base, tensor, List.of(source)));
        if (change.norm > 0) {
          found.add(change);
        }
      }
    }
    return found;
  }

  private static boolean inBlocks(String tensor) {
    return ModelTensors.LINEAR.stream().anyMatch(each -> tensor.endsWith("." + each + ".weight"));
  }

  private static TensorChange of(ChangedTensor tensor) {
    double[] squares = new double[2];
    tensor.eachPiece(
        (from, before, changes) -> {
          squares[0] += changes.getFirst().square().sum().item();
          squares[1] += before.square().sum().item();
        });
    return new TensorChange(
        tensor.tensor(),
        Math.sqrt(squares[0]),
        squares[1] > 0 ? Math.sqrt(squares[0] / squares[1]) : 0);
  }
}
