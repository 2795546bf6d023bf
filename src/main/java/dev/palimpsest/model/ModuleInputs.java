package dev.palimpsest.model;

import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/** What the linear modules of a decoder's blocks read. */
public final class ModuleInputs {
  /** Of a pass, but for a longer text. */
  public static final int PASS_TOKENS = 256;

  /** Of sums in memory at once; what needs more goes through the texts several times. */
  private static final long MOST_BYTES = 1L << 29;

  private ModuleInputs() {}

  /** Sees what modules read. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * Takes the input of modules that share it.
     *
     * @param module the first of them, by Hugging Face's name ({@link ModelTensors#reading})
     * @param input (tokens, in), type of the products, on the CPU; gone after the call
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
                rows.attention(decoder),
                (projection, input, plain) -> {
                  visitor.see(projection.modules().getFirst(), input.to(Device.CPU));
                  return plain;
                });
          });
    }
  }

  /** Texts in their order, as many at a time as a pass takes. */
  public static List<List<int[]>> passes(List<int[]> texts) {
    List<List<int[]>> passes = new ArrayList<>();
    int tokens = PASS_TOKENS;
    for (int[] ids : texts) {
      if (tokens + ids.length > PASS_TOKENS) {
        passes.add(new ArrayList<>());
        tokens = 0;
      }
      passes.getLast().add(ids);
      tokens += ids.length;
    }
    return passes;
  }

  /**
   * Work on modules in their order, as much at a time as there is memory for sums over their
   * inputs; modules that read the same share one.
   *
   * @param module that a piece of work is on, by Hugging Face's name
   * @param bytes of the sums over its inputs
   */
  public static <T> List<List<T>> groups(
      List<T> work, Function<T, String> module, ToLongFunction<T> bytes) {
    List<List<T>> groups = new ArrayList<>();
    Map<String, Long> reading = new HashMap<>();
    for (T each : work) {
      String read = ModelTensors.reading(module.apply(each));
      if (!reading.containsKey(read)) {
        long more = bytes.applyAsLong(each);
        long there = reading.values().stream().mapToLong(sum -> sum).sum();
        if (groups.isEmpty() || there + more > MOST_BYTES) {
          groups.add(new ArrayList<>());
          reading.clear();
        }
        reading.put(read, more);
      }
      groups.getLast().add(each);
    }
    return groups;
  }
}
