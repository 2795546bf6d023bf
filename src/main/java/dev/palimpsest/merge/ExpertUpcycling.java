package dev.palimpsest.merge;

import dev.palimpsest.model.Architecture;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Seeds;
import dev.palimpsest.tensor.Tensor;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Sparse upcycling (Komatsuzaki et al., 2212.05055): each feed-forward part becomes a mixture of
 * copies of it with a new router, in Mixtral's form. That weighs the chosen experts' outputs by
 * numbers that sum to 1, so of equal copies any choice gives what the one part gave.
 *
 * <p>The router is drawn as transformers draws a new one: at zero it would send all tokens to the
 * same experts. Copies that see other tokens part while they train; noise parts them before, and
 * moves what the model computes. The first copy has none.
 *
 * @param noise its size over that of the matrix, root mean square; 0 for none
 * @param seed of router and noise
 */
public record ExpertUpcycling(ModelConfig.Mixture mixture, double noise, long seed)
    implements Growth {
  private static final int MOST = 256;

  /** Standard deviation of a router's weights. */
  private static final double ROUTER = 0.02;

  /** Checks the numbers. */
  public ExpertUpcycling {
    WidthCloning.requireNoise(noise);
  }

  /**
   * What a user asks for.
   *
   * @param top experts for a token
   */
  public static ExpertUpcycling of(int experts, int top, double noise, long seed) {
    if (experts < 2 || experts > MOST) {
      throw new BadInput(
          "--experts " + experts + ": give 2 to " + MOST + ", how many each layer has");
    }
    if (top < 2 || top > experts) {
      throw new BadInput(
          "--top %d: give 2 to %d, how many a token goes through%s"
              .formatted(
                  top,
                  experts,
                  top == 1
                      ? "; one alone has always the weight 1, so its router cannot learn"
                      : ""));
    }
    return new ExpertUpcycling(new ModelConfig.Mixture(experts, top), noise, seed);
  }

  @Override
  public String name() {
    return "experts";
  }

  @Override
  public boolean preserving() {
    return noise == 0;
  }

  @Override
  public Blueprint over(ModelConfig base) {
    refusal(base)
        .ifPresent(
            reason -> {
              throw new BadInput(
                  "--method experts: the model has "
                      + reason
                      + "; take a Llama or Mistral (SmolLM2 is one)");
            });
    return new Blueprint(
        base, base.mixed(mixture), Blueprint.inOrder(0, base.layers()), this::made);
  }

  /** What Mixtral's layout has no word for. */
  private static Optional<String> refusal(ModelConfig base) {
    if (base.mixture().isPresent()) {
      return Optional.of("experts already");
    }
    if (base.architecture() == Architecture.GEMMA3) {
      return Optional.of("Gemma's norms and activation, which a Mixtral has not");
    }
    if (base.queryKeyNorm()) {
      return Optional.of("norms of queries and keys, which a Mixtral has not");
    }
    return base.queryKeyValueBias() || base.outputBias()
        ? Optional.of("biases in its attention, which a Mixtral has not")
        : Optional.empty();
  }

  private Tensor made(String name, Tensor origin) {
    if (Blueprint.isRouter(name)) {
      return drawn(name, mixture.experts(), origin.size(1)).timesInPlace(ROUTER);
    }
    if (noise == 0 || !Blueprint.isNewExpert(name)) {
      return origin;
    }
    double size = noise * Math.sqrt(origin.square().sum().item() / origin.count());
    return origin.plus(drawn(name, origin.size(0), origin.size(1)).timesInPlace(size));
  }

  private Tensor drawn(String name, long rows, long columns) {
    RandomGenerator draws = new Seeds(seed).generator("experts " + name);
    return WidthCloning.normal(draws, rows, columns);
  }
}
