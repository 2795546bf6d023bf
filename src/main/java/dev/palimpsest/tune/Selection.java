package dev.palimpsest.tune;

import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.run.BadInput;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which tensors of a model train: items with commas between, each a word or a pattern over Hugging
 * Face's names.
 *
 * <p>Words: {@code all}; {@code norms}, of every kind; {@code embeddings}; {@code head}; {@code
 * layers:20-29} or {@code layers:3}, counted from 0, the last included. A pattern names a tensor, a
 * module, or the last parts of one ({@code q_proj}, {@code layers.3.mlp.*}); {@code *} stands for
 * any characters.
 */
record Selection(String text) {
  private static final String LAYERS = "layers:";
  private static final Pattern LAYER = Pattern.compile("model\\.layers\\.(\\d+)\\..*");

  /** The word for everything. */
  static final String ALL = "all";

  /**
   * The tensors of a model that are meant.
   *
   * @throws BadInput naming the item that means none of them
   */
  Set<String> of(ModelConfig config) {
    Set<String> all = ModelTensors.shapes(config).keySet();
    Set<String> chosen = new LinkedHashSet<>();
    for (String item : text.split(",", -1)) {
      Predicate<String> meant = meant(item.strip(), config);
      List<String> found = all.stream().filter(meant).toList();
      if (found.isEmpty()) {
        throw new BadInput(
            "--train "
                + item.strip()
                + ": no tensor of this model; give norms, embeddings, head, layers:FROM-TO, or"
                + " names such as q_proj or model.layers.3.mlp.*");
      }
      chosen.addAll(found);
    }
    return chosen;
  }

  private static Predicate<String> meant(String item, ModelConfig config) {
    if (item.startsWith(LAYERS)) {
      String option = "--train " + LAYERS;
      Layers layers = Layers.parse(option, item.substring(LAYERS.length()));
      layers.require(option, config.layers());
      return in(layers);
    }
    return switch (item) {
      case ALL -> name -> true;
      case "norms" -> name -> name.endsWith("norm.weight");
      case "embeddings" -> ModelTensors.EMBEDDING::equals;
      case "head" -> {
        if (config.tiedHead()) {
          throw new BadInput(
              "--train head: this model's head is its embedding; give embeddings, which trains"
                  + " both");
        }
        yield ModelTensors.HEAD::equals;
      }
      default -> pattern(item);
    };
  }

  private static Predicate<String> in(Layers layers) {
    return name -> {
      Matcher layer = LAYER.matcher(name);
      return layer.matches() && layers.contains(Integer.parseInt(layer.group(1)));
    };
  }

  private static Predicate<String> pattern(String item) {
    String regex = "(?:.*\\.)?" + Pattern.quote(item).replace("*", "\\E.*\\Q");
    return Pattern.compile(regex + "(?:\\.weight|\\.bias)?").asMatchPredicate();
  }
}
