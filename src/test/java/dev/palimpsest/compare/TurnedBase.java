package dev.palimpsest.compare;

import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.ModelFolder;
import dev.palimpsest.run.AtomicFolder;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * A base whose residual stream is turned: its places are shuffled and some change their sign, and
 * all that reads or writes it with them. It computes what it did before, by other weights.
 */
final class TurnedBase {
  private static final List<String> READING =
      List.of("q_proj", "k_proj", "v_proj", "gate_proj", "up_proj", "embed_tokens", "lm_head");

  private TurnedBase() {}

  static Path write(Path from, Path out) {
    try (Scope _ = Scope.open();
        Checkpoint base = Checkpoint.open(from)) {
      int width = base.config().width();
      Random random = new Random(11);
      List<Integer> places = new ArrayList<>();
      float[] signs = new float[width];
      for (int i = 0; i < width; i++) {
        places.add(i);
        signs[i] = random.nextBoolean() ? 1 : -1;
      }
      Collections.shuffle(places, random);
      Tensor order = Tensor.ofIndices(places.stream().mapToInt(each -> each).toArray());
      Tensor sign = Tensor.of(signs, width, 1);
      AtomicFolder.write(
          out,
          folder ->
              ModelFolder.write(
                  folder,
                  base,
                  name ->
                      Optional.of(
                          turned(name, base.weights().read(name, DType.F32), order, sign))));
      return out;
    }
  }

  private static Tensor turned(String name, Tensor weight, Tensor order, Tensor sign) {
    if (name.contains("norm")) {
      return weight.rows(order);
    }
    boolean reads = READING.stream().anyMatch(name::contains);
    Tensor rows = reads ? weight.transpose(0, 1) : weight;
    Tensor moved = rows.rows(order).times(sign);
    return (reads ? moved.transpose(0, 1) : moved).contiguous();
  }
}
