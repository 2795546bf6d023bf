package dev.palimpsest.merge;

import dev.palimpsest.model.TensorChange;
import java.util.List;

/**
 * An adapter taken out of a tuned model.
 *
 * @param rank the largest of all modules
 * @param parameters of the adapter
 * @param relativeError norm of what it misses of all linear modules' change, over that change's
 * @param modules each module that differs, those of rank 0 too
 * @param notCaptured what differs and no plain LoRA can hold: norms, biases, embedding, head
 */
public record Extracted(
    String out,
    int rank,
    long parameters,
    double relativeError,
    List<Module> modules,
    List<TensorChange> notCaptured) {
  /** Copies the lists. */
  public Extracted {
    modules = List.copyOf(modules);
    notCaptured = List.copyOf(notCaptured);
  }

  /**
   * One module.
   *
   * @param norm of its change
   * @param relativeError by the singular values that are left out (Eckart and Young, 1936)
   */
  public record Module(String name, int rank, double norm, double relativeError) {}

  /** For people. */
  public String text() {
    return "%s%n%d modules, rank up to %d, %,d parameters; relative error %.4g%s"
        .formatted(
            out,
            modules.size(),
            rank,
            parameters,
            relativeError,
            notCaptured.isEmpty()
                ? ""
                : "; not captured: "
                    + String.join(", ", notCaptured.stream().map(TensorChange::name).toList()));
  }
}
