package dev.palimpsest.merge;

import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Tensor;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * Width by cloning (Samragh et al., HyperCloning, 2409.12903): the residual stream, the heads,
 * their groups and the feed-forward part {@code times} over, every copy with the base's values. A
 * matrix is tiled and divided by {@code times}, because it sums over as many copies; RMS norms and
 * RoPE see what they saw.
 *
 * <p>A tied head sums over copies, too, and cannot be divided without its embedding: the last
 * norm's gain is divided instead. Gemma multiplies embeddings with √width, which they are divided
 * by here.
 *
 * <p>Copies that are equal have equal gradients and stay equal for ever. Noise parts them: of two
 * copies that are summed one has it added, the other subtracted, so that the sum stays.
 *
 * @param noise its size over that of the matrix, root mean square; 0 for none
 * @param seed of the noise
 */
public record WidthCloning(int times, double noise, long seed) implements Growth {
  /** Checks the numbers. */
  public WidthCloning {
    requireTimes(times);
    requireNoise(noise);
  }

  static void requireNoise(double noise) {
    if (!(noise >= 0 && noise <= 1)) {
      throw new BadInput("--noise " + noise + ": give 0 to 1, a share of each matrix's size");
    }
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
            default -> tiled.shape().length == 2 ? parted(name, tiled.times(1.0 / times)) : tiled;
          };
        });
  }

  private Tensor parted(String name, Tensor matrix) {
    double size = noise * Math.sqrt(matrix.square().sum().item() / matrix.count());
    if (size == 0) {
      return matrix;
    }
    RandomGenerator draws = new Seeds(seed).generator("width " + name);
    long in = matrix.size(1) / times;
    for (int copy = 0; copy + 1 < times; copy += 2) {
      Tensor drawn = normal(draws, matrix.size(0), in);
      matrix.narrow(1, copy * in, in).plusInPlace(drawn, size);
      matrix.narrow(1, (copy + 1) * in, in).plusInPlace(drawn, -size);
    }
    return matrix;
  }

  static Tensor normal(RandomGenerator draws, long rows, long columns) {
    float[] values = new float[Math.toIntExact(rows * columns)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) draws.nextGaussian();
    }
    return Tensor.of(values, rows, columns);
  }

  /** A stored gain multiplied, whatever is added to it before it is used. */
  private static Tensor gain(Tensor stored, double factor, ModelConfig base) {
    double added = base.addedToNorms();
    return stored.times(factor).plusInPlace(added * (factor - 1));
  }
}
