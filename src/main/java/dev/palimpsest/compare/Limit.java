package dev.palimpsest.compare;

import dev.palimpsest.run.BadInput;

/**
 * What a probe may lose.
 *
 * @param probe a file, or {@code built-in} for each of the program's own
 * @param margin the loss must be less: a fraction of all items; for texts, of the bits a byte
 *     before
 */
public record Limit(String probe, double margin) {
  /** The program's own retention probes. */
  public static final String BUILT_IN = PlanReader.BUILT_IN;

  /** What of a loss must be less than the margin. */
  public enum By {
    /** The loss as seen. */
    POINT,
    /** The upper limit of its 95 % interval. */
    INTERVAL
  }

  /**
   * Reads PROBE&lt;PERCENT%.
   *
   * @throws BadInput if it is no such text
   */
  public static Limit parse(String text) {
    int sign = text.lastIndexOf('<');
    try {
      if (sign > 0) {
        double percent = Double.parseDouble(text.substring(sign + 1).replaceFirst("%$", ""));
        if (percent > 0 && percent <= 100) {
          return new Limit(text.substring(0, sign).strip(), percent / 100);
        }
      }
    } catch (NumberFormatException e) {
      throw new BadInput(wrong(text), e);
    }
    throw new BadInput(wrong(text));
  }

  private static String wrong(String text) {
    return "--keep "
        + text
        + ": give a probe and what it may lose, such as 'general.jsonl<1%' or 'built-in<2%' (how"
        + " many checkpoints stay is --keep-checkpoints)";
  }
}
