package dev.palimpsest.tune;

import dev.palimpsest.data.Example;
import dev.palimpsest.data.Pack;
import dev.palimpsest.data.Passes;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import java.util.List;

/**
 * Floating-point operations of training factors over a frozen base, or its own weights, two for
 * each multiply-add (Kaplan et al., 2001.08361, whose 2·P forward and 4·P backward become 2·P and
 * 2·P here: the base has no gradient of its own).
 *
 * <p>Of T rows and documents of n tokens, L of them labels, with P weights in the blocks' linear
 * modules (of a mixture those that a token goes through), O of which train, and N in factors beside
 * them, width d, vocabulary V, heads h of width w:
 *
 * <ul>
 *   <li>forward 2·P·T + 2·N·T + Σ 4·h·w·pairs + 2·V·d·L, where a document of n tokens has n·(n+1)/2
 *       pairs of a query and a key in each layer, fewer in one with a sliding window;
 *   <li>backward 2·P·T + 2·O·T + 4·N·T + twice the attention's + 2·V·d·L; what is computed again is
 *       not counted.
 * </ul>
 *
 * @param passRows as {@link Footprint#passRows}
 * @param factors N
 * @param own O; the gradients of a head and of embeddings are not counted
 */
record Flops(ModelConfig config, int passRows, long factors, long own) {
  /** Of what trains. */
  static Flops of(Trained trained) {
    Decoder decoder = trained.decoder().decoder();
    return new Flops(
        decoder.config(), Footprint.passRows(decoder), trained.factorCount(), trained.ownCount());
  }

  /**
   * What the operations hang on.
   *
   * @param rows of training's passes, in which documents have their beginnings in common
   * @param attention forward operations of the attention
   */
  record Work(long tokens, long rows, long labels, double attention) {
    static final Work NONE = new Work(0, 0, 0, 0);

    Work plus(Work other) {
      return new Work(
          tokens + other.tokens,
          rows + other.rows,
          labels + other.labels,
          attention + other.attention);
    }
  }

  Work work(List<Example> examples) {
    Work all = Work.NONE;
    for (List<Example> pass : Passes.of(examples, passRows)) {
      all = all.plus(new Work(0, Pack.of(pass).rows(), 0, 0));
    }
    for (Example example : examples) {
      all = all.plus(new Work(example.length(), 0, example.labels(), attention(example.length())));
    }
    return all;
  }

  /** Of a pass that only looks: each document by itself. */
  double forward(Work work) {
    return 2.0 * (ModelTensors.activeWeights(config) + factors) * work.tokens
        + work.attention
        + head(work);
  }

  /** Of training. */
  double forwardAndBackward(Work work) {
    return (4.0 * ModelTensors.activeWeights(config) + 2.0 * own + 6.0 * factors) * work.rows
        + 3 * work.attention
        + 2 * head(work);
  }

  private double attention(long length) {
    double pairs = 0;
    for (ModelConfig.LayerType type : config.layerTypes()) {
      long seen =
          type == ModelConfig.LayerType.SLIDING ? Math.min(length, config.window()) : length;
      pairs += 0.5 * seen * (seen + 1) + (double) (length - seen) * seen;
    }
    return 4.0 * config.heads() * config.headWidth() * pairs;
  }

  private double head(Work work) {
    return 2.0 * config.vocabulary() * config.width() * work.labels;
  }
}
