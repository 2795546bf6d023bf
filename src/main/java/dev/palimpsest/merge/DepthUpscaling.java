package dev.palimpsest.merge;

import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.run.BadInput;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Depth up-scaling (Kim et al., SOLAR, 2312.15166): the blocks twice, one copy after the other,
 * without the last {@code drop} of the first and the first {@code drop} of the second. It changes
 * what the model computes; to be trained on.
 *
 * @param drop a quarter of the blocks if empty, as the paper has it
 */
public record DepthUpscaling(OptionalInt drop) implements Growth {
  @Override
  public String name() {
    return "depth";
  }

  @Override
  public boolean preserving() {
    return false;
  }

  @Override
  public Blueprint over(ModelConfig base) {
    int layers = base.layers();
    int dropped = drop.orElse(layers / 4);
    if (dropped < 0 || 2 * dropped >= layers) {
      throw new BadInput(
          "--drop %d: two copies of %d layers less twice that are no more than before; give 0 to %d"
              .formatted(dropped, layers, (layers - 1) / 2));
    }
    List<Integer> blocks = new ArrayList<>(Blueprint.inOrder(0, layers - dropped));
    blocks.addAll(Blueprint.inOrder(dropped, layers));
    return new Blueprint(base, base.grown(blocks, 1), blocks, (name, origin) -> origin);
  }
}
