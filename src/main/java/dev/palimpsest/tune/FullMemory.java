package dev.palimpsest.tune;

import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.FrozenDecoder;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.FlatView;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What training a model's own weights takes at its peak, in bytes, for P weights of which n train,
 * in products of b bytes:
 *
 * <ul>
 *   <li>the base, P·b, and where products are not F32 a copy of what trains, n·b;
 *   <li>masters and gradient, 8n;
 *   <li>the optimiser's state: AdamW 8n, AdamW in 8 bits 2n and 8 a block of 256, Adafactor 4 a row
 *       and column, plain descent none;
 *   <li>what a pass keeps of its rows for the way back, and one chunk of logits with its gradient;
 *   <li>the largest gradient before it is added, and what Java and libtorch take themselves.
 * </ul>
 *
 * @param names of the tensors that train
 */
record FullMemory(Decoder decoder, Set<String> names) {
  /** Java and libtorch, 0.3 GB resident with the smallest models, and what allocators hold back. */
  private static final long PROCESS = 600_000_000L;

  private static final int HEAD_COPIES = 4;

  /**
   * The peak.
   *
   * @param rows of the longest pass
   */
  long bytes(String optimizer, int rows) {
    ModelConfig config = decoder.config();
    Map<String, long[]> shapes = ModelTensors.shapes(config);
    List<long[]> trained = names.stream().map(shapes::get).toList();
    long product = decoder.precision().products().bytes();
    long n = trained.stream().mapToLong(FlatView::elements).sum();
    long largest = trained.stream().mapToLong(FlatView::elements).max().orElse(0);
    long copies = product == DType.F32.bytes() ? 0 : n * product;
    long logits = (long) HEAD_COPIES * Decoder.HEAD_ROWS * config.vocabulary() * 4;
    return config.parameters() * product
        + copies
        + 8 * n
        + state(optimizer, trained)
        + FrozenDecoder.keptBytes(config, decoder.precision(), rows)
        + logits
        + Optimizer.temporaryBytes(optimizer, largest)
        + largest * product
        + PROCESS;
  }

  /**
   * Fails if a machine has less.
   *
   * @throws BadInput with both sizes, and what to do
   */
  static void require(String method, long needed, long machine) {
    if (needed > machine) {
      throw new BadInput(
          String.format(
              Locale.ROOT,
              "--method %s needs about %.1f GB at its peak, this machine has %.1f GB: try"
                  + " --optimizer adamw8bit or adafactor, --method freeze with fewer tensors, or"
                  + " --method lora",
              method,
              needed / 1e9,
              machine / 1e9));
    }
  }

  private static long state(String optimizer, List<long[]> trained) {
    return trained.stream().mapToLong(shape -> Optimizer.stateBytes(optimizer, shape)).sum();
  }
}
