package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * What an {@code adapter_config.json} says of the embedding and the head beside their factors:
 * {@code modules_to_save}, {@code trainable_token_indices} and {@code ensure_weight_tying}, as PEFT
 * 0.21 takes them ({@code peft/utils/other.py}, {@code peft/tuners/tuners_utils.py}).
 *
 * @param saved modules whose weights the file holds whole
 * @param tokens whose rows it holds, by module
 * @param tying whether what changes one of two tied ends changes both
 */
record PeftEnds(List<String> saved, Map<String, List<Integer>> tokens, boolean tying) {
  private static final List<String> MODULES =
      List.of(ModelTensors.EMBEDDING_MODULE, ModelTensors.HEAD_MODULE);

  /**
   * Reads the three fields.
   *
   * @throws BadInput naming what cannot be honoured
   */
  static PeftEnds parse(JsonFields fields) {
    List<String> saved = new ArrayList<>();
    for (String name : fields.texts("modules_to_save").orElse(List.of())) {
      String module = module(fields, "modules_to_save", name);
      if (!saved.contains(module)) { // PEFT lists one module by two names where it ties
        saved.add(module);
      }
    }
    PeftEnds ends = new PeftEnds(saved, tokens(fields), fields.flag("ensure_weight_tying", false));
    ends.tokens.forEach((module, ids) -> requireOnce(fields, ids));
    return ends;
  }

  private static String module(JsonFields fields, String field, String name) {
    return MODULES.stream()
        .filter(module -> module.equals(name) || module.endsWith("." + name))
        .findFirst()
        .orElseThrow(
            () ->
                new BadInput(
                    fields.where()
                        + ": "
                        + field
                        + " has "
                        + name
                        + ", known are lm_head and"
                        + " embed_tokens"));
  }

  private static Map<String, List<Integer>> tokens(JsonFields fields) {
    String field = "trainable_token_indices";
    JsonNode value = fields.node().path(field);
    if (PeftConfig.unset(value) || value.isMissingNode()) {
      return Map.of();
    }
    if (!value.isObject()) {
      return Map.of(ModelTensors.EMBEDDING_MODULE, fields.oneOrMore(field));
    }
    JsonFields byModule = fields.object(field).orElseThrow();
    Map<String, List<Integer>> tokens = new LinkedHashMap<>();
    for (String name : value.propertyNames()) {
      tokens.put(module(fields, field, name), byModule.oneOrMore(name));
    }
    return tokens;
  }

  private static void requireOnce(JsonFields fields, List<Integer> ids) {
    if (new HashSet<>(ids).size() < ids.size() || ids.stream().anyMatch(id -> id < 0)) {
      throw fields.fault("trainable_token_indices", "different ids from 0 on");
    }
  }

  /**
   * What is meant over a model: where it ties its ends, so may the adapter.
   *
   * @throws BadInput if an end would be changed in two ways
   */
  PeftEnds over(ModelConfig model, String where) {
    PeftEnds meant = model.tiedHead() ? tied(where) : this;
    for (String module : meant.saved) {
      if (meant.tokens.containsKey(module)) {
        throw new BadInput(
            where + ": both modules_to_save and trainable_token_indices change " + module);
      }
    }
    return meant;
  }

  private PeftEnds tied(String where) {
    List<Integer> ofEmbedding = tokens.get(ModelTensors.EMBEDDING_MODULE);
    List<Integer> ofHead = tokens.get(ModelTensors.HEAD_MODULE);
    boolean differ = ofEmbedding != null && ofHead != null && !ofEmbedding.equals(ofHead);
    if (tying && differ) {
      throw new BadInput(
          where + ": trainable_token_indices differ where ensure_weight_tying is asked for");
    }
    return new PeftEnds(
        tying && !saved.isEmpty() ? MODULES : saved,
        ofEmbedding == null || differ
            ? tokens
            : Map.of(
                ModelTensors.EMBEDDING_MODULE, ofEmbedding, ModelTensors.HEAD_MODULE, ofEmbedding),
        tying);
  }

  /** Whether one set of rows is that of both ends, and in the file once. */
  boolean sharesRows(ModelConfig model) {
    return model.tiedHead()
        && tokens.containsKey(ModelTensors.EMBEDDING_MODULE)
        && tokens.get(ModelTensors.EMBEDDING_MODULE).equals(tokens.get(ModelTensors.HEAD_MODULE));
  }

  /** The factors' modules: where ties are kept, both ends or none. */
  AdapterConfig over(AdapterConfig factors, ModelConfig model) {
    boolean both =
        tying && model.tiedHead() && MODULES.stream().anyMatch(factors.modules(model)::containsKey);
    return both ? factors.on(factors.targets().and(MODULES)) : factors;
  }
}
