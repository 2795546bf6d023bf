package dev.palimpsest.measure;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Sha256;
import java.util.List;

/**
 * One half of a probe's items, by a hash of their documents, or of their contents: what is chosen
 * on one half is told on the other, whatever the file's order.
 */
public enum Half {
  /** On which something is chosen. */
  SELECTION,
  /** On which it is told how the choice does. */
  REPORT;

  /** Whether what has this content belongs here. */
  boolean holds(String content) {
    String hash = Sha256.of(content);
    return (Character.digit(hash.charAt(0), 16) % 2 == 0) == (this == SELECTION);
  }

  /**
   * The probe's items in this half.
   *
   * @throws BadInput if there are none
   */
  public Probe of(Probe probe) {
    List<ProbeItem> own =
        probe.items().stream()
            .filter(item -> holds(probe.document(item).orElseGet(item::content)))
            .toList();
    if (own.isEmpty()) {
      throw new BadInput(
          "probe "
              + probe.name()
              + ": its "
              + probe.items().size()
              + " items all fall into one half; one half chooses, the other tells: give more");
    }
    return probe.of(own);
  }
}
