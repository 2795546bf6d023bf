package dev.palimpsest.measure;

import dev.palimpsest.data.Finding;
import java.util.Locale;

/**
 * What the untouched base makes of the answers. Guessing evenly over the vocabulary costs ln V nats
 * a token; a base that does no better was not given text as it knows it.
 *
 * @param rows drawn from the data
 * @param labels their trained tokens
 * @param natsPerToken mean over the labels
 * @param uniform ln V
 */
public record InitialLoss(int rows, long labels, double natsPerToken, double uniform) {
  Finding finding() {
    String found =
        String.format(
            Locale.ROOT,
            "the base gives %.3f nats a token over %d rows (%d labels); guessing evenly over its"
                + " vocabulary gives %.3f",
            natsPerToken,
            rows,
            labels,
            uniform);
    return natsPerToken < uniform
        ? new Finding(Finding.Severity.INFO, "initial-loss", "", found)
        : new Finding(
            Finding.Severity.ERROR,
            "initial-loss",
            "",
            found
                + ": the weights, the tokenizer, the chat template or the labels are not what"
                + " belongs together; look at the label masks");
  }
}
