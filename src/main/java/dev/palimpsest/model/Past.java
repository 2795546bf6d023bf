package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Tensor;
import java.util.List;

/**
 * Keys and values that every sequence sees before its first token. RoPE is not applied to them: the
 * keys are as they are used.
 *
 * @param keys by layer, (key-value heads, rows, dim), F32; empty for none
 * @param values as keys
 */
public record Past(List<Tensor> keys, List<Tensor> values) {
  /** Copies the lists. */
  public Past {
    keys = List.copyOf(keys);
    values = List.copyOf(values);
    if (keys.size() != values.size()) {
      throw new IllegalArgumentException(
          keys.size() + " layers of keys, " + values.size() + " of values");
    }
  }

  /** Nothing before the first token. */
  public static Past none() {
    return new Past(List.of(), List.of());
  }

  /** How many tokens they stand for. */
  public int rows() {
    return keys.isEmpty() ? 0 : Math.toIntExact(keys.getFirst().size(1));
  }

  /** Attention of sequences to these and to themselves. */
  Attention attention(Ragged sequences, Decoder decoder) {
    int rows = rows();
    if (rows == 0) {
      return sequences.attention(decoder);
    }
    Attention all = sequences.continuing(rows).attention(decoder);
    return (layer, q, k, v) -> {
      // the rows before ask nothing, but stand among the queries as among the keys
      Tensor silent = q.newZeros(DType.F32, q.size(0), rows, q.size(2));
      Tensor output =
          all.attend(
              layer,
              Tensor.cat(1, List.of(silent, q)),
              Tensor.cat(1, List.of(keys.get(layer), k)),
              Tensor.cat(1, List.of(values.get(layer), v)));
      return output.narrow(0, rows, sequences.rows());
    };
  }
}
