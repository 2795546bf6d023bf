package dev.palimpsest.merge;

import dev.palimpsest.model.ChangedTensor;
import dev.palimpsest.model.Source;
import dev.palimpsest.tensor.Tensor;
import java.util.List;

/** How the changes of several sources become one. */
public sealed interface Rule permits Linear, Wise, Ties, Dare, Slerp, Intruders, Adjusted {
  /** The method's name. */
  String name();

  /**
   * Refuses what the rule is not defined for.
   *
   * @throws dev.palimpsest.run.BadInput naming the sources
   */
  default void check(List<Source> sources) {}

  /** Gets ready for one tensor. */
  Rows over(ChangedTensor tensor);

  /** The change of some rows; pieces come in their order, each once. */
  @FunctionalInterface
  interface Rows {
    /**
     * Makes one change of several.
     *
     * @param before the base's rows, F64
     * @param changes of each source, whole, F64
     * @return F64
     */
    Tensor of(Tensor before, List<Tensor> changes);
  }
}
