package dev.palimpsest.tensor;

import dev.palimpsest.tensor.VectorAttention.Heads;
import dev.palimpsest.tensor.VectorAttention.Rows;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Adds up what each document and each head of queries gives of the gradients by keys and values, in
 * one order whoever computed them.
 */
final class HeadShares {
  private final Heads heads;
  private final List<Integer> places = new ArrayList<>();
  private final int[] rows;
  private final int[][] placesOfRows;
  private final int total;

  HeadShares(Heads heads, List<Rows> documents) {
    this.heads = heads;
    Map<Integer, List<Integer>> byRow = new TreeMap<>();
    int place = 0;
    for (Rows document : documents) {
      places.add(place);
      for (int row : document.all()) {
        byRow.computeIfAbsent(row, _ -> new ArrayList<>()).add(place++);
      }
    }
    this.total = place;
    this.rows = byRow.keySet().stream().mapToInt(Integer::intValue).toArray();
    this.placesOfRows =
        byRow.values().stream()
            .map(all -> all.stream().mapToInt(Integer::intValue).toArray())
            .toArray(int[][]::new);
  }

  /** Room for the shares, (places, heads, width), in the scope that is open. */
  HeadRows room() {
    return HeadRows.of(Tensor.empty(DType.F32, total, heads.queries(), heads.width()));
  }

  /** The place of a document's first row. */
  int place(int document) {
    return places.get(document);
  }

  /** Adds up the shares of the gradient by values. */
  void addUp(HeadRows shares, HeadRows by) {
    addUp(shares, (_, sum, head, row) -> by.store(row, head, sum, 0));
  }

  /** The same by keys, which were rotated. */
  void addUp(HeadRows shares, HeadRows by, Turn turn) {
    addUp(
        shares,
        (room, sum, head, row) -> {
          turn.turn(row, -1, sum, 0, room, 0);
          by.store(row, head, room, 0);
        });
  }

  private interface Taker {
    void take(float[] room, float[] sum, int head, int row);
  }

  private void addUp(HeadRows shares, Taker taker) {
    Team.compute(
        rows.length,
        (long) heads.queries() * heads.width(),
        (from, to) -> {
          float[] sum = new float[heads.width()];
          float[] room = new float[heads.width()];
          for (int i = from; i < to; i++) {
            for (int head = 0; head < heads.keyValues(); head++) {
              addUp(shares, placesOfRows[i], head, room, sum);
              taker.take(room, sum, head, rows[i]);
            }
          }
        });
  }

  private void addUp(HeadRows shares, int[] places, int head, float[] room, float[] sum) {
    int group = heads.queries() / heads.keyValues();
    shares.load(places[0], head * group, sum, 0);
    for (int place : places) {
      for (int each = place == places[0] ? 1 : 0; each < group; each++) {
        shares.load(place, head * group + each, room, 0);
        Lanes.add(room, sum);
      }
    }
  }
}
