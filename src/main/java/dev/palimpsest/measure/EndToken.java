package dev.palimpsest.measure;

import dev.palimpsest.data.Finding;
import java.util.Locale;

/**
 * Whether answers end, for the base and for what is learned.
 *
 * @param rows drawn rows with an answer
 * @param trained how many of them end with a label at which the model stops
 * @param probability mean over the rows of what the base gives all its end tokens together where
 *     the answer ends
 */
public record EndToken(int rows, int trained, double probability) {
  Finding finding() {
    String found =
        String.format(
            Locale.ROOT,
            "the base stops where the answer ends with mean probability %.3f; %d of %d rows train"
                + " a token at which it stops",
            probability,
            trained,
            rows);
    return trained > 0
        ? new Finding(Finding.Severity.INFO, "end-token", "", found)
        : new Finding(
            Finding.Severity.WARNING,
            "end-token",
            "",
            found + ": no row teaches the tuned model to stop");
  }
}
