package dev.palimpsest.compare;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.run.BadInput;
import java.nio.file.Path;
import java.util.Optional;

/**
 * An adapter that is to be carried from the base it was trained over to another one.
 *
 * @param adapter its PEFT folder
 * @param sha256 of it
 * @param from what the user calls the old base
 * @param to what the user calls the new base
 * @param anyBase whether an adapter that records another base than the old one is taken
 * @param data texts or prompts that the ways may use
 * @param distilling how a new adapter learns from the old model
 * @param seed of all draws
 */
public record PortPlan(
    Path adapter,
    String sha256,
    String from,
    String to,
    boolean anyBase,
    Optional<DataSpec> data,
    Distilling distilling,
    long seed) {
  /**
   * How a new adapter learns from the old tuned model.
   *
   * @param maxTokens of the old model's answers
   */
  public record Distilling(int epochs, double rate, int maxTokens) {
    /** Epochs, if nothing is said. */
    public static final int EPOCHS = 3;

    /** Checks the numbers. */
    public Distilling {
      if (epochs < 1 || !(rate > 0 && Double.isFinite(rate)) || maxTokens < 1) {
        throw new BadInput(
            "--epochs %d, --lr %s, --max-tokens %d: give numbers above 0"
                .formatted(epochs, rate, maxTokens));
      }
    }
  }
}
