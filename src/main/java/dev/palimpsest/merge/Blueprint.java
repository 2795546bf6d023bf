package dev.palimpsest.merge;

import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.tensor.FlatView;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * How a grown model is made of its base.
 *
 * @param base the shape that it had
 * @param config the shape that it has
 * @param blocks the number of the base's block that each of its blocks is made of
 */
record Blueprint(ModelConfig base, ModelConfig config, List<Integer> blocks, Making making) {
  private static final Pattern BLOCK = Pattern.compile("model\\.layers\\.(\\d+)\\.(.*)");

  /** What becomes of a tensor. */
  @FunctionalInterface
  interface Making {
    /**
     * A tensor of the grown model.
     *
     * @param name its own
     * @param origin the base's tensor that it is made of, F32
     * @return F32, in the shape of the grown model
     */
    Tensor of(String name, Tensor origin);
  }

  Blueprint {
    blocks = List.copyOf(blocks);
  }

  /** The blocks of a model in their order. */
  static List<Integer> inOrder(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  /** The number of the block that a tensor belongs to; -1 for embedding, last norm and head. */
  static int block(String name) {
    Matcher inside = BLOCK.matcher(name);
    return inside.matches() ? Integer.parseInt(inside.group(1)) : -1;
  }

  /** The base's tensor that one of the grown model is made of. */
  String origin(String name) {
    Matcher inside = BLOCK.matcher(name);
    return inside.matches()
        ? "model.layers." + blocks.get(Integer.parseInt(inside.group(1))) + "." + inside.group(2)
        : name;
  }

  /**
   * The blocks that were added: a block of the base is in the model before them already. A wider
   * model has none, for no block of it is an old one.
   */
  List<Integer> added() {
    if (config.width() != base.width()) {
      return List.of();
    }
    Set<Integer> seen = new HashSet<>();
    List<Integer> added = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      if (!seen.add(blocks.get(i))) {
        added.add(i);
      }
    }
    return added;
  }

  /** How many weights the added blocks have. */
  long addedParameters() {
    Set<Integer> added = Set.copyOf(added());
    return ModelTensors.shapes(config).entrySet().stream()
        .filter(tensor -> added.contains(block(tensor.getKey())))
        .mapToLong(tensor -> FlatView.elements(tensor.getValue()))
        .sum();
  }

  /** A tensor repeated along each axis until it fills a shape, whose sizes are multiples. */
  static Tensor tiled(Tensor tile, long[] shape) {
    Tensor filled = tile;
    for (int axis = 0; axis < shape.length; axis++) {
      int times = Math.toIntExact(shape[axis] / tile.size(axis));
      if (times > 1) {
        filled = Tensor.cat(axis, Collections.nCopies(times, filled));
      }
    }
    return filled;
  }
}
