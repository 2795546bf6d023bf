package dev.palimpsest.data;

import java.util.List;
import java.util.TreeMap;

/**
 * Some rows drawn at random while data goes by: those whose index, mixed with the seed, is
 * smallest. What is drawn hangs on the seed and on which rows are offered, on nothing else.
 */
public final class Draw {
  private final int most;
  private final long seed;
  private final TreeMap<Long, Row> drawn = new TreeMap<>();

  /**
   * A row as the trainer would see it.
   *
   * @param where line and id, for messages
   * @param example within the limit, with at least one label
   */
  public record Row(String where, Sample sample, Example example) {}

  /**
   * An empty draw.
   *
   * @param most rows in the end; 0 for none
   */
  public Draw(int most, long seed) {
    this.most = most;
    this.seed = seed;
  }

  void offer(int index, Row row) {
    drawn.put(Hashes.mix(seed ^ Hashes.mix(index)), row); // mix is one to one
    if (drawn.size() > most) {
      drawn.pollLastEntry();
    }
  }

  /** The rows, in random order. */
  public List<Row> rows() {
    return List.copyOf(drawn.values());
  }
}
