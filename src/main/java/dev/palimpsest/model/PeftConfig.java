package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Problems;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The {@code adapter_config.json} of PEFT's LoRA. A setting that would change the arithmetic and is
 * not understood is refused by name, also one that PEFT may add later; none is ignored.
 */
final class PeftConfig {
  private static final Set<String> READ =
      Set.of(
          "r",
          "lora_alpha",
          "use_rslora",
          "use_dora",
          "target_modules",
          "exclude_modules",
          "layers_to_transform",
          "layers_pattern",
          "rank_pattern",
          "alpha_pattern",
          "lora_dropout",
          "base_model_name_or_path",
          "peft_type",
          "task_type",
          "modules_to_save",
          "trainable_token_indices",
          "ensure_weight_tying",
          "init_lora_weights");

  /** Settings that say nothing about what a trained adapter computes. */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of(
          "auto_mapping",
          "peft_version",
          "revision",
          "inference_mode",
          "megatron_core",
          "loftq_config",
          "eva_config",
          "corda_config",
          "lora_ga_config",
          "qalora_group_size",
          "runtime_config");

  /** Ways to begin that leave the base as it is. */
  private static final Set<String> PLAIN_INITS = Set.of("gaussian", "eva", "orthogonal");

  private final JsonFields fields;

  private PeftConfig(JsonFields fields) {
    this.fields = fields;
  }

  /**
   * Reads a configuration.
   *
   * @throws BadInput naming the file and everything that cannot be honoured
   */
  static AdapterConfig parse(JsonNode document, String where, Optional<String> fingerprint) {
    return new PeftConfig(new JsonFields(document, where)).config(fingerprint);
  }

  private AdapterConfig config(Optional<String> fingerprint) {
    refuseOthers();
    double dropout = fields.real("lora_dropout").orElse(0.0);
    try {
      return new AdapterConfig(
          fields.positive("r", 8),
          fields.real("lora_alpha").orElse(8.0),
          fields.flag("use_rslora", false),
          fields.flag("use_dora", false),
          targets(),
          pattern("rank_pattern", (patterns, name) -> patterns.positive(name)),
          pattern("alpha_pattern", (patterns, name) -> patterns.real(name).orElse(8.0)),
          dropout,
          fields.text("base_model_name_or_path"),
          fingerprint);
    } catch (BadInput e) {
      throw String.valueOf(e.getMessage()).startsWith(fields.where())
          ? e
          : new BadInput(fields.where() + ": " + e.getMessage(), e);
    }
  }

  private void refuseOthers() {
    String type =
        fields
            .text("peft_type")
            .orElseThrow(() -> new BadInput(fields.where() + ": peft_type is missing"));
    if (!type.equals("LORA")) {
      throw new BadInput(
          fields.where()
              + ": peft_type "
              + type
              + (PromptConfig.kind(fields.node()).isPresent()
                  ? " changes no weights; only score, generate and ledger take it"
                  : " is not known; known are LORA, PROMPT_TUNING and PREFIX_TUNING"));
    }
    Problems problems = new Problems();
    String task = fields.text("task_type").orElse("CAUSAL_LM");
    if (!task.equals("CAUSAL_LM")) {
      problems.add("task_type " + task + " (only CAUSAL_LM)");
    }
    for (Map.Entry<String, JsonNode> field : fields.node().properties()) {
      String name = field.getKey();
      boolean bias = name.equals("bias") && field.getValue().asString("").equals("none");
      if (!READ.contains(name)
          && !WITHOUT_EFFECT.contains(name)
          && !bias
          && !unset(field.getValue())) {
        problems.add(name + " " + shortened(field.getValue()));
      }
    }
    JsonNode init = fields.node().path("init_lora_weights");
    // PiSSA, OLoRA, LoftQ and their kin also change the base, which the file does not hold
    if (init.isString() && !PLAIN_INITS.contains(init.stringValue())) {
      problems.add(
          "init_lora_weights "
              + init.stringValue()
              + " (it changes the base; save the adapter converted to plain LoRA)");
    }
    problems.throwIfAny(fields.where() + ": settings that are not supported");
  }

  static boolean unset(JsonNode value) {
    return value.isNull()
        || (value.isBoolean() && !value.booleanValue())
        || (value.isContainer() && value.isEmpty());
  }

  private static String shortened(JsonNode value) {
    String text = value.toString();
    return text.length() > 60 ? text.substring(0, 60) + "…" : text;
  }

  private TargetModules targets() {
    TargetModules.Names chosen =
        names("target_modules")
            .orElseThrow(() -> new BadInput(fields.where() + ": target_modules is missing"));
    List<Integer> layers = fields.oneOrMore("layers_to_transform");
    List<String> layersPattern =
        fields.node().path("layers_pattern").isString()
            ? fields.text("layers_pattern").filter(s -> !s.isEmpty()).stream().toList()
            : fields.texts("layers_pattern").orElse(List.of());
    if (!layers.isEmpty() && chosen instanceof TargetModules.Names.Matching) {
      throw new BadInput(
          fields.where()
              + ": layers_to_transform goes with a list of target_modules, not a pattern");
    }
    return new TargetModules(
        chosen,
        names("exclude_modules").orElse(new TargetModules.Names.Listed(List.of())),
        layers,
        layersPattern);
  }

  private Optional<TargetModules.Names> names(String field) {
    if (!fields.node().path(field).isString()) {
      return fields.texts(field).map(TargetModules.Names.Listed::new);
    }
    return fields
        .text(field)
        .map(
            text ->
                text.toLowerCase(Locale.ROOT).equals(TargetModules.ALL_LINEAR)
                    ? new TargetModules.Names.AllLinear()
                    : new TargetModules.Names.Matching(text));
  }

  private <T> Map<String, T> pattern(String field, BiFunction<JsonFields, String, T> value) {
    Map<String, T> patterns = new LinkedHashMap<>();
    fields
        .object(field)
        .ifPresent(
            object -> {
              for (String name : object.node().propertyNames()) {
                TargetModules.compile("(.*\\.)?(" + name + ")");
                patterns.put(name, value.apply(object, name));
              }
            });
    return patterns;
  }

  /** The fields that PEFT, vLLM and llama.cpp's converter all read. */
  static Map<String, @Nullable Object> write(Adapter adapter) {
    AdapterConfig config = adapter.config();
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    out.put("peft_type", "LORA");
    out.put("task_type", "CAUSAL_LM");
    out.put("base_model_name_or_path", config.baseName().orElse(null));
    out.put("inference_mode", true);
    out.put("r", config.rank());
    out.put("lora_alpha", number(config.alpha()));
    out.put("lora_dropout", config.dropout());
    out.put("bias", "none");
    out.put("fan_in_fan_out", false);
    out.put("target_modules", written(config.targets().chosen(), adapter));
    Object excluded = written(config.targets().excluded(), adapter);
    out.put("exclude_modules", excluded.equals(List.of()) ? null : excluded);
    out.put("layers_to_transform", orNull(config.targets().layers()));
    out.put("layers_pattern", orNull(config.targets().layersPattern()));
    out.put("modules_to_save", orNull(List.copyOf(adapter.ends().whole().keySet())));
    out.put("trainable_token_indices", tokens(adapter.ends()));
    out.put("use_rslora", config.rankStabilised());
    out.put("use_dora", config.weightDecomposed());
    out.put("rank_pattern", config.rankPattern());
    Map<String, Number> alphas = new LinkedHashMap<>();
    config.alphaPattern().forEach((name, alpha) -> alphas.put(name, number(alpha)));
    out.put("alpha_pattern", alphas);
    out.put("init_lora_weights", true);
    return out;
  }

  private static Object written(TargetModules.Names names, Adapter adapter) {
    return switch (names) {
      // readers other than PEFT do not know the word
      case TargetModules.Names.AllLinear() ->
          ModelTensors.LINEAR.stream()
              .filter(
                  name ->
                      adapter.factors().keySet().stream()
                          .anyMatch(module -> module.endsWith("." + name)))
              .map(name -> name.substring(name.indexOf('.') + 1))
              .toList();
      case TargetModules.Names.Listed(var listed) -> listed;
      case TargetModules.Names.Matching(String pattern) -> pattern;
    };
  }

  /** Where one set of rows is that of both ends, PEFT ties them as the base does. */
  private static @Nullable Object tokens(EndWeights ends) {
    Map<String, Object> tokens = new LinkedHashMap<>();
    ends.writtenRows().forEach((module, rows) -> tokens.put(module, rows.ids()));
    return tokens.isEmpty() ? null : tokens;
  }

  private static @Nullable Object orNull(List<?> values) {
    return values.isEmpty() ? null : values;
  }

  private static Number number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9 ? (Number) (long) value : value;
  }
}
