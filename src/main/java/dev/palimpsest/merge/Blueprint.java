package dev.palimpsest.merge;

import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How a grown model is made of its base.
 *
 * @param base the shape that it had
 * @param config the shape that it has
 * @param blocks the number of the base's block that each of its blocks is made of
 */
record Blueprint(ModelConfig base, ModelConfig config, List<Integer> blocks, Making making) {
  private static final String ROUTER = "block_sparse_moe.gate";

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

  /** The base's tensor that one of the grown model is made of; a new router's is beside it. */
  String origin(String name) {
    Matcher inside = BLOCK.matcher(name);
    if (!inside.matches()) {
      return name;
    }
    String own = inside.group(2);
    return "model.layers."
        + blocks.get(Integer.parseInt(inside.group(1)))
        + "."
        + (base.mixture().isPresent() ? own : ModelTensors.dense(own));
  }

  /**
   * What is new inside of layers, as {@code tune --train} takes it: routers, and all experts but
   * the first, which is what was there.
   */
  List<String> newParts() {
    return base.mixture().isPresent() || config.mixture().isEmpty()
        ? List.of()
        : Stream.concat(
                Stream.of(ROUTER),
                IntStream.range(1, config.mixture().get().experts())
                    .mapToObj(expert -> "experts." + expert + ".*"))
            .toList();
  }

  static boolean isRouter(String name) {
    return name.endsWith("." + ROUTER + ".weight");
  }

  static boolean isNewExpert(String name) {
    return name.contains(".experts.") && !name.contains(".experts.0.");
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

  /** How many weights the added blocks and parts have. */
  long addedParameters() {
    return added().isEmpty() && newParts().isEmpty() ? 0 : config.parameters() - base.parameters();
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
