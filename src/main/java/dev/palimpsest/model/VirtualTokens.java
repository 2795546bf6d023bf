package dev.palimpsest.model;

import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * What is learned in the place of weights: tokens that no text has, before every sequence.
 *
 * @param embeddings (tokens, {@link Kind#columns}), F32, as PEFT's {@code prompt_embeddings}
 */
public record VirtualTokens(Kind kind, Tensor embeddings) {

  /** Where the tokens come in. */
  public enum Kind {
    /** As the decoder's first inputs (Lester et al., 2104.08691). */
    SOFT_PROMPT("PROMPT_TUNING"),
    /** As keys and values of every layer (Li and Liang, 2101.00190), without a projection. */
    PREFIX("PREFIX_TUNING");

    private final String peftType;

    Kind(String peftType) {
      this.peftType = peftType;
    }

    /** What PEFT calls it. */
    String peftType() {
      return peftType;
    }

    /** Parameters of one token over a model. */
    public long columns(ModelConfig model) {
      return switch (this) {
        case SOFT_PROMPT -> model.width();
        case PREFIX -> 2L * model.layers() * model.keyValueHeads() * model.headWidth();
      };
    }
  }

  // (tokens, 2 · layers, heads, dim) to one entry's (heads, tokens, dim)
  private static Tensor heads(Tensor all, int entry) {
    return all.narrow(1, entry, 1).view(all.size(0), all.size(2), all.size(3)).permute(1, 0, 2);
  }

  /** How many tokens. */
  public int count() {
    return Math.toIntExact(embeddings.size(0));
  }

  /** Keys and values of all layers, in the scope that is open; gradients flow through. */
  Past past(Decoder decoder) {
    return switch (kind) {
      case SOFT_PROMPT -> decoder.past(embeddings);
      case PREFIX -> stored(decoder.config());
    };
  }

  // PEFT's layout, peft_model.py, get_prompt: each layer's keys, then its values
  private Past stored(ModelConfig model) {
    Tensor all =
        embeddings.view(count(), 2L * model.layers(), model.keyValueHeads(), model.headWidth());
    List<Tensor> keys = new ArrayList<>();
    List<Tensor> values = new ArrayList<>();
    for (int layer = 0; layer < model.layers(); layer++) {
      keys.add(heads(all, 2 * layer));
      values.add(heads(all, 2 * layer + 1));
    }
    return new Past(keys, values);
  }

  /**
   * The embeddings of kind {@link Kind#PREFIX} that do what some tokens do: their keys and values.
   *
   * @return (tokens, columns), F32
   */
  public static Tensor prefix(Decoder decoder, int[] ids) {
    Past past = decoder.past(decoder.embed(ids));
    List<Tensor> parts = new ArrayList<>();
    for (int layer = 0; layer < past.keys().size(); layer++) {
      parts.add(flat(past.keys().get(layer)));
      parts.add(flat(past.values().get(layer)));
    }
    return Tensor.cat(1, parts);
  }

  // (heads, tokens, dim) to (tokens, heads · dim)
  private static Tensor flat(Tensor heads) {
    return heads.permute(1, 0, 2).reshape(heads.size(1), heads.size(0) * heads.size(2));
  }
}
