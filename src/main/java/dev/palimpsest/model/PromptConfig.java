package dev.palimpsest.model;

import dev.palimpsest.model.VirtualTokens.Kind;
import dev.palimpsest.run.Problems;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The {@code adapter_config.json} of PEFT's prompt tuning and prefix tuning. A setting that is not
 * understood is refused by name.
 *
 * @param tokens virtual ones
 * @param baseName what the base was called, for people
 */
record PromptConfig(Kind kind, int tokens, Optional<String> baseName) {
  private static final String TOKENS = "num_virtual_tokens";

  /**
   * Settings read here, and those that say how the prompt began: the file holds what became of it,
   * for a prefix with a projection what that makes of it.
   */
  private static final Set<String> KNOWN =
      Set.of(
          "peft_type",
          "task_type",
          "base_model_name_or_path",
          TOKENS,
          "token_dim",
          "num_layers",
          "num_attention_heads",
          "num_transformer_submodules",
          "prompt_tuning_init",
          "prompt_tuning_init_text",
          "tokenizer_name_or_path",
          "tokenizer_kwargs",
          "prefix_projection",
          "encoder_hidden_size",
          "init_weights",
          "inference_mode",
          "auto_mapping",
          "peft_version",
          "revision");

  /** The kind that a configuration names; empty for another adapter. */
  static Optional<Kind> kind(JsonNode document) {
    String type = document.path("peft_type").asString("");
    return Arrays.stream(Kind.values()).filter(kind -> kind.peftType().equals(type)).findFirst();
  }

  /**
   * Reads a configuration.
   *
   * @throws dev.palimpsest.run.BadInput naming the file and everything that cannot be honoured, or
   *     does not fit the model
   */
  static PromptConfig parse(Kind kind, JsonNode document, String where, ModelConfig model) {
    JsonFields fields = new JsonFields(document, where);
    Problems problems = new Problems();
    String task = fields.text("task_type").orElse("CAUSAL_LM");
    if (!task.equals("CAUSAL_LM")) {
      problems.add("task_type " + task + " (only CAUSAL_LM)");
    }
    document
        .properties()
        .forEach(
            field -> {
              if (!KNOWN.contains(field.getKey()) && !PeftConfig.unset(field.getValue())) {
                problems.add(field.getKey() + " is not supported");
              }
            });
    int tokens = fields.positive(TOKENS);
    if (tokens >= model.context()) {
      problems.add(tokens + " tokens leave no room in a context of " + model.context());
    }
    shape(kind, model)
        .forEach(
            (name, expected) ->
                fields
                    .whole(name)
                    .filter(found -> !found.equals(expected))
                    .ifPresent(
                        found ->
                            problems.add(name + " is " + found + ", this model has " + expected)));
    problems.throwIfAny(where + ": the prompt does not fit");
    return new PromptConfig(kind, tokens, fields.text("base_model_name_or_path"));
  }

  /** PEFT's words for the shape of a prompt's tokens. */
  private static Map<String, Integer> shape(Kind kind, ModelConfig model) {
    boolean prefix = kind == Kind.PREFIX;
    Map<String, Integer> shape = new LinkedHashMap<>();
    shape.put("token_dim", prefix ? model.keyValueHeads() * model.headWidth() : model.width());
    shape.put("num_layers", model.layers());
    shape.put("num_attention_heads", prefix ? model.keyValueHeads() : model.heads());
    shape.put("num_transformer_submodules", 1);
    return shape;
  }

  /** The fields that PEFT reads. */
  Map<String, @Nullable Object> write(ModelConfig model) {
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    out.put("peft_type", kind.peftType());
    out.put("task_type", "CAUSAL_LM");
    out.put("base_model_name_or_path", baseName.orElse(null));
    out.put("inference_mode", true);
    out.put(TOKENS, tokens);
    out.putAll(shape(kind, model));
    if (kind == Kind.PREFIX) {
      out.put("prefix_projection", false);
    }
    return out;
  }
}
