package dev.palimpsest.model;

import dev.palimpsest.model.ModelConfig.Rope;
import dev.palimpsest.model.ModelConfig.Scaling;
import dev.palimpsest.run.BadInput;
import java.util.Optional;

/**
 * The rotary embeddings of a {@code config.json}: {@code rope_parameters} of transformers 5 (one
 * object, or one for each kind of layer), or {@code rope_theta} and {@code rope_scaling} of 4.x.
 *
 * @param usualBase of the layers that see everything, where the document has none
 */
record HubRope(JsonFields fields, boolean gemma, double usualBase) {

  /** Of the layers that see everything. */
  Rope full() {
    Optional<JsonFields> parameters = parameters("full_attention");
    Optional<JsonFields> scaling =
        fields.object("rope_scaling").filter(s -> s.node().size() > 0).or(() -> parameters);
    return new Rope(
        base(parameters, "rope_theta", usualBase),
        scaling.map(this::scaling).orElse(new Scaling.None()));
  }

  /** Of Gemma's sliding layers. */
  Rope local() {
    Optional<JsonFields> parameters = parameters("sliding_attention");
    return new Rope(
        base(parameters, "rope_local_base_freq", 10_000),
        parameters.map(this::scaling).orElse(new Scaling.None()));
  }

  private Optional<JsonFields> parameters(String layers) {
    Optional<JsonFields> all = fields.object("rope_parameters");
    boolean nested =
        all.isPresent() && (all.get().has("full_attention") || all.get().has("sliding_attention"));
    if (nested) {
      return all.get().object(layers);
    }
    // one object for all layers: Gemma's sliding layers have a base of their own nevertheless
    return layers.equals("full_attention") ? all : Optional.empty();
  }

  private double base(Optional<JsonFields> parameters, String oldName, double otherwise) {
    double base =
        parameters
            .flatMap(p -> p.real("rope_theta"))
            .or(() -> fields.real(oldName))
            .orElse(otherwise);
    if (base <= 0) {
      throw new BadInput(fields.where() + ": " + oldName + " is " + base + ", not above 0");
    }
    return base;
  }

  private Scaling scaling(JsonFields scaling) {
    String type = scaling.text("rope_type").or(() -> scaling.text("type")).orElse("default");
    double partial = scaling.real("partial_rotary_factor").orElse(1.0);
    if (partial != 1) {
      throw scaling.fault("partial_rotary_factor", "1, the only setting known");
    }
    return switch (type) {
      case "default" -> new Scaling.None();
      case "linear" -> new Scaling.Linear(above0(scaling, "factor"));
      case "llama3" ->
          new Scaling.Llama3(
              above0(scaling, "factor"),
              above0(scaling, "low_freq_factor"),
              above0(scaling, "high_freq_factor"),
              scaling.positive("original_max_position_embeddings"));
      default ->
          throw new BadInput(
              scaling.where()
                  + ": rope_type "
                  + type
                  + " is not known; known are default, linear, llama3");
    };
  }

  private static double above0(JsonFields fields, String name) {
    double value =
        fields
            .real(name)
            .orElseThrow(() -> new BadInput(fields.where() + ": " + name + " is missing"));
    if (value <= 0) {
      throw fields.fault(name, "a number above 0");
    }
    return value;
  }
}
