package dev.palimpsest.report;

import java.util.List;

/**
 * A text whose tokens are coloured by what the change did to their log-probability.
 *
 * @param caption what it is
 * @param lead text before the first scored token, such as the prompt; may be empty
 * @param tokens in order
 */
public record ColouredText(String caption, String lead, List<TokenChange> tokens) {
  /** Copies the list. */
  public ColouredText {
    tokens = List.copyOf(tokens);
  }

  /**
   * One token.
   *
   * @param text its own
   * @param before log-probability before, in nats
   * @param after likewise after
   */
  public record TokenChange(String text, double before, double after) {
    /** Refuses log-probabilities that are not finite. */
    public TokenChange {
      if (!Double.isFinite(before) || !Double.isFinite(after)) {
        throw new IllegalArgumentException(
            "token '" + text + "': log-probability " + before + " before, " + after + " after");
      }
    }

    double delta() {
      return after - before;
    }
  }
}
