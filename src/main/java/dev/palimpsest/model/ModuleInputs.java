package dev.palimpsest.model;

import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;

/** What the linear modules of a decoder's blocks read. */
public final class ModuleInputs {
  private ModuleInputs() {}

  /** Sees what modules read. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * Takes the input of modules that share it.
     *
     * @param module the first of them, by Hugging Face's name ({@link ModelTensors#reading})
     * @param input (tokens, in), type of the products; gone after the call
     */
    void see(String module, Tensor input);
  }

  /** Goes through a decoder along some texts, from the first block to the last. */
  public static void along(Decoder decoder, List<int[]> texts, Visitor visitor) {
    Ragged rows = Ragged.of(texts);
    try (Scope _ = Scope.open()) {
      Native.withoutGradients(
          () -> {
            decoder.hidden(
                decoder.embed(rows.ids()),
                rows.positions(),
                rows.attention(decoder.config()),
                (projection, input, plain) -> {
                  visitor.see(projection.modules().getFirst(), input);
                  return plain;
                });
          });
    }
  }
}
