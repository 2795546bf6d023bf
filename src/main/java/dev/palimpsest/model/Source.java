package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Tensor;
import java.util.Objects;

/** Something learned over a base, as a change of its tensors. */
public sealed interface Source {
  /** What a user called it. */
  String name();

  /** How much of its change is wanted; 1 for all of it. */
  double weight();

  /** The same with another weight. */
  Source withWeight(double other);

  /** Whether a tensor, by Hugging Face's name, may be another than the base's. */
  boolean changes(String tensor);

  /** How many rows of a tensor only one of base and source has. */
  long rowsApart(TensorInfo before);

  /**
   * The whole change of some rows, whatever the weight, in the scope that is open.
   *
   * @param before the base's rows, F64
   * @param from number of the first
   * @return of the same shape, F64
   */
  Tensor change(String tensor, Tensor before, long from);

  /** An adapter. */
  record Lora(String name, double weight, Adapter adapter) implements Source {
    private static final String WEIGHT = ".weight";

    @Override
    public Source withWeight(double other) {
      return new Lora(name, other, adapter);
    }

    @Override
    public boolean changes(String tensor) {
      return tensor.endsWith(WEIGHT)
          && (adapter.factors().containsKey(module(tensor))
              || adapter.ends().modules().contains(module(tensor)));
    }

    @Override
    public long rowsApart(TensorInfo before) {
      return 0;
    }

    @Override
    public Tensor change(String tensor, Tensor before, long from) {
      String module = module(tensor);
      Factors factors = adapter.factors().get(module);
      if (!adapter.ends().modules().contains(module)) {
        return change(module, Objects.requireNonNull(factors, tensor), before, from);
      }
      Tensor inPlace = adapter.ends().change(module, before, from);
      return factors == null
          ? inPlace
          : change(module, factors, before.plus(inPlace), from).plusInPlace(inPlace);
    }

    private static Tensor change(String module, Factors factors, Tensor rows, long from) {
      return module.equals(ModelTensors.EMBEDDING_MODULE)
          ? factors.changeOfEmbedding(from, rows.size(0))
          : factors.change(rows, from);
    }

    private static String module(String tensor) {
      return tensor.substring(0, tensor.length() - WEIGHT.length());
    }
  }

  /** A whole model of the base's shape. Rows of tokens that it has not are as they were. */
  record Tuned(String name, double weight, Checkpoint model) implements Source {
    @Override
    public Source withWeight(double other) {
      return new Tuned(name, other, model);
    }

    @Override
    public boolean changes(String tensor) {
      return true;
    }

    @Override
    public long rowsApart(TensorInfo before) {
      return Math.abs(info(before.name()).rows() - before.rows());
    }

    @Override
    public Tensor change(String tensor, Tensor before, long from) {
      long rows = Math.clamp(info(tensor).rows() - from, 0, before.size(0));
      if (rows == before.size(0)) {
        return model.weights().rows(tensor, DType.F64, from, rows).minusInPlace(before);
      }
      Tensor change = Tensor.zeros(DType.F64, before.shape());
      if (rows > 0) {
        Tensor after = model.weights().rows(tensor, DType.F64, from, rows);
        change.narrow(0, 0, rows).plusInPlace(after.minusInPlace(before.narrow(0, 0, rows)));
      }
      return change;
    }

    private TensorInfo info(String tensor) {
      return Objects.requireNonNull(model.weights().tensors().get(tensor), tensor);
    }
  }
}
