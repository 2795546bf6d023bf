package dev.palimpsest.tune;

import dev.palimpsest.run.BadInput;
import java.util.HashSet;
import java.util.List;

/**
 * What a run may lose of what its base could do. It is asked at every evaluation; so many over the
 * limit in a row end the run, and the state of the last one within is the product. The loss is
 * taken as it is seen: an interval would wait until the loss is proven, and with that larger than
 * allowed. Chance at one of many evaluations can so end a run too early, never too late.
 *
 * @param probes files, or a name that stands for several
 * @param margin a fraction: of a probe's items; for texts, of the bits a byte before
 * @param patience evaluations in a row that are over the limit when the run ends
 * @param maxTokens of an answer
 */
public record LossLimit(List<String> probes, double margin, int patience, int maxTokens) {
  /** If nothing is said: a loss may pass again, and what is written is within the limit anyway. */
  public static final int PATIENCE = 2;

  /** Checks that there is something to ask. */
  public LossLimit {
    probes = List.copyOf(probes);
    if (probes.isEmpty()) {
      throw new BadInput("--stop-if-lost: lost of what? give --probe FILE, or --probe built-in");
    }
    if (new HashSet<>(probes).size() < probes.size()) {
      throw new BadInput("--probe " + String.join(", ", probes) + ": give each once");
    }
    if (patience < 1) {
      throw new BadInput("--stop-patience " + patience + ": give 1 or more");
    }
    if (maxTokens < 1) {
      throw new BadInput("--max-tokens " + maxTokens + ": give 1 or more");
    }
  }

  /** Whether a probe has lost more. */
  boolean isPassedBy(List<LossCheck.Loss> losses) {
    return losses.stream().anyMatch(each -> each.loss() > margin);
  }
}
