package dev.palimpsest.measure;

import java.util.Optional;

/**
 * One item, before and after.
 *
 * @param before 1 for right, 0 for wrong; for a text its bits a byte
 * @param after likewise
 * @param answerBefore what was answered or chosen; absent for a text
 * @param loopsBefore whether that answer ended in endless repetition
 * @param place where it belongs
 */
public record ItemRow(
    String probe,
    String id,
    double before,
    double after,
    Optional<String> answerBefore,
    Optional<String> answerAfter,
    boolean loopsBefore,
    boolean loopsAfter,
    Place place) {
  /**
   * Where an item belongs.
   *
   * @param slice which row of the table it counts in, beside the probe's own
   * @param document what it is about
   * @param bytes of a text that were scored; 0 for what is right or wrong
   */
  public record Place(Optional<String> slice, Optional<String> document, int bytes) {
    /** Nothing but the probe. */
    static final Place NONE = new Place(Optional.empty(), Optional.empty(), 0);
  }

  /** An item that belongs to its probe only. */
  public ItemRow(
      String probe,
      String id,
      double before,
      double after,
      Optional<String> answerBefore,
      Optional<String> answerAfter,
      boolean loopsBefore,
      boolean loopsAfter) {
    this(probe, id, before, after, answerBefore, answerAfter, loopsBefore, loopsAfter, Place.NONE);
  }

  /** The same item between two measurements: what it was after the earlier one stands before. */
  ItemRow since(ItemRow earlier) {
    return new ItemRow(
        probe,
        id,
        earlier.after,
        after,
        earlier.answerAfter,
        answerAfter,
        earlier.loopsAfter,
        loopsAfter,
        earlier.place);
  }

  boolean ofText() {
    return place.bytes() > 0;
  }
}
