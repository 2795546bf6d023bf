package dev.palimpsest.merge;

import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Tensor;
import java.util.Map;
import java.util.Objects;

/**
 * Width by cloning (Samragh et al., HyperCloning, 2409.12903): the residual stream, the heads, their
 * groups and the feed-forward part {@code times} over, every copy with the base's values. A matrix
 * is tiled and divided by {@code times}, because it sums over as many copies; RMS norms and RoPE
 * see what they saw.
 *
 * <p>A tied head sums over copies, too, and cannot be divided without its embedding: the last
 * norm's gain is divided instead. Gemma multiplies embeddings with √width, which they are divided
 * by here.
 */
public record WidthCloning(int times) implements Growth {
  /** Checks the number. */
  public WidthCloning {
    requireTimes(times);
  }

  static void requireTimes(int times) {
    if (times < 2 || times > 64) {
      throw new BadInput("--times " + times + ": give 2 to 64, how often as wide");
    }
  }

  @Override
  public String name() {
    return "width";
  }

  @Override
  public boolean preserving() {
    return true;
  }

  @Override
  public Blueprint over(ModelConfig base) {
    var blocks = Blueprint.inOrder(0, base.layers());
    ModelConfig wide = base.grown(blocks, times);
    Map<String, long[]> shapes = ModelTensors.shapes(wide);
    double embeddings = base.embeddingScale() / wide.embeddingScale();
    return new Blueprint(
        base,
        wide,
        blocks,
        (name, origin) -> {
          Tensor tiled = Blueprint.tiled(origin, Objects.requireNonNull(shapes.get(name)));
          return switch (name) {
            case ModelTensors.EMBEDDING -> tiled.times(embeddings);
            case ModelTensors.NORM ->
                base.tiedHead() ? gain(tiled, 1 / (times * embeddings), base) : tiled;
            default -> tiled.shape().length == 2 ? tiled.times(1.0 / times) : tiled;
          };
        });
  }

  /** A stored gain multiplied, whatever is added to it before it is used. */
  private static Tensor gain(Tensor stored, double factor, ModelConfig base) {
    double added = base.addedToNorms();
    return stored.times(factor).plusInPlace(added * (factor - 1));
  }
}
