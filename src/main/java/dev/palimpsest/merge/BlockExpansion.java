package dev.palimpsest.merge;

import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Block expansion (Wu et al., LLaMA Pro, 2401.02415): after each of {@code blocks} equal groups a
 * copy of the group's last block that adds nothing to the residual stream, because the projections
 * that write to it are zero.
 *
 * <p>Where the outputs of attention and feed-forward part are normalised before they are added
 * (Gemma), these norms' gains are zero instead. Zero projections would give the same function, but
 * a norm makes the first step away from zero as large as any output.
 */
public record BlockExpansion(int blocks) implements Growth {
  private static final Set<String> PROJECTIONS =
      Set.of(
          "self_attn.o_proj.weight", "self_attn.o_proj.bias", "mlp.down_proj.weight", "w2.weight");

  private static final Set<String> NORMS =
      Set.of("post_attention_layernorm.weight", "post_feedforward_layernorm.weight");

  @Override
  public String name() {
    return "blocks";
  }

  @Override
  public boolean preserving() {
    return true;
  }

  @Override
  public Blueprint over(ModelConfig base) {
    int layers = base.layers();
    if (blocks < 1 || layers % blocks != 0) {
      throw new BadInput(
          "--blocks %d: the model's %d layers do not make so many equal groups; give one of %s"
              .formatted(blocks, layers, divisors(layers)));
    }
    int group = layers / blocks;
    List<Integer> origins = new ArrayList<>();
    for (int end = group; end <= layers; end += group) {
      origins.addAll(Blueprint.inOrder(end - group, end));
      origins.add(end - 1);
    }
    return new Blueprint(
        base,
        base.grown(origins, 1),
        origins,
        (name, origin) -> adds(name, group, base) ? origin : silent(origin, base));
  }

  private static String divisors(int number) {
    return IntStream.rangeClosed(1, number)
        .filter(each -> number % each == 0)
        .mapToObj(String::valueOf)
        .collect(Collectors.joining(", "));
  }

  /** Whether a tensor stays as it is: of an old block, or none of those that silence a new one. */
  private static boolean adds(String name, int group, ModelConfig base) {
    int block = Blueprint.block(name);
    boolean isNew = block >= 0 && block % (group + 1) == group;
    Set<String> silencing = base.outputNorms() ? NORMS : PROJECTIONS;
    return !isNew || silencing.stream().noneMatch(each -> name.endsWith("." + each));
  }

  private static Tensor silent(Tensor origin, ModelConfig base) {
    Tensor zeros = Tensor.zeros(origin.dtype(), origin.shape());
    return base.outputNorms() ? zeros.plusInPlace(-base.addedToNorms()) : zeros;
  }
}
