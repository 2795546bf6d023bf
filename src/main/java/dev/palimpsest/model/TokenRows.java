package dev.palimpsest.model;

import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Rows of some tokens, in the place of the base's: PEFT's trainable tokens, which it stores as they
 * are, not as differences ({@code peft/tuners/trainable_tokens/layer.py}).
 *
 * @param ids of the tokens, each once
 * @param rows (ids, width), F32
 */
public record TokenRows(List<Integer> ids, Tensor rows) {
  /** Copies the ids, and checks that there is a row for each. */
  public TokenRows {
    ids = List.copyOf(ids);
    if (rows.size(0) != ids.size()) {
      throw new IllegalArgumentException(rows + " holds no row for each of " + ids.size());
    }
  }

  /**
   * Where the tokens stand among others.
   *
   * @param places of them in a text
   * @param rows of each place
   */
  record Found(Tensor places, Tensor rows) {}

  /** The places at which the tokens stand, in the scope that is open; empty where none does. */
  Optional<Found> in(int[] text) {
    Map<Integer, Integer> byId = new HashMap<>();
    for (int i = 0; i < ids.size(); i++) {
      byId.put(ids.get(i), i);
    }
    List<Integer> places = new ArrayList<>();
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < text.length; i++) {
      Integer row = byId.get(text[i]);
      if (row != null) {
        places.add(i);
        found.add(row);
      }
    }
    return places.isEmpty()
        ? Optional.empty()
        : Optional.of(new Found(Tensor.ofIndices(places), Tensor.ofIndices(found)));
  }

  /** The ids as a tensor, in the scope that is open. */
  Tensor indices() {
    return Tensor.ofIndices(ids);
  }
}
