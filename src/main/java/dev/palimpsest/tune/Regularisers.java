package dev.palimpsest.tune;

import dev.palimpsest.model.Footprint;
import dev.palimpsest.run.BadInput;
import java.util.ArrayList;
import java.util.List;

/**
 * What a user asks for against forgetting that hangs on the parameters alone; {@code run.json}
 * holds it.
 *
 * @param l2ToStart λ of {@link L2ToStart}; 0 for none
 */
public record Regularisers(double l2ToStart) {
  /** Nothing holds the run back. */
  public static final Regularisers NONE = new Regularisers(0);

  /** Checks the weights. */
  public Regularisers {
    if (!(l2ToStart >= 0 && Double.isFinite(l2ToStart))) {
      throw new BadInput("--l2-to-start " + l2ToStart + ": give a number above 0");
    }
  }

  /** Refuses a method whose change of the weights is none, or is not linear in its factors. */
  void require(Method method) {
    if (l2ToStart > 0) {
      requireWeights("--l2-to-start", method);
    }
  }

  private static void requireWeights(String option, Method method) {
    if (method instanceof PromptLearning) {
      throw new BadInput(
          option
              + " beside --method "
              + method.method()
              + ": virtual tokens change no weight; leave it out");
    }
    if (method.method().equals("dora")) {
      throw new BadInput(
          option
              + " beside --method dora: its change of the weights is not linear in its factors;"
              + " train with --method lora, rslora, lora+ or pissa");
    }
  }

  /** The terms. */
  List<Regulariser> terms() {
    List<Regulariser> terms = new ArrayList<>();
    if (l2ToStart > 0) {
      terms.add(new L2ToStart(l2ToStart));
    }
    return terms;
  }

  /** Bytes beside what a method takes; an adapter's copy counts for nothing. */
  long bytes(Method method, Footprint base) {
    return method instanceof Full full && l2ToStart > 0 ? 4 * full.count(base.config()) : 0;
  }
}
