package dev.palimpsest.measure;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * The answer is one JSON value that a JSON Schema allows: {@code {"name": "schema", "schema":
 * {…}}}, draft 2020-12 unless {@code $schema} names another. What the value says is not looked at:
 * {@code fields} does that. A fence of backticks around the whole answer is taken off; anything
 * else beside the value is wrong. Schemas are never fetched from a network.
 */
final class SchemaMatch implements Grader {
  private final Schema schema;

  private SchemaMatch(Schema schema) {
    this.schema = schema;
  }

  static SchemaMatch of(Metric metric, String where) {
    metric.allow(where, "schema");
    JsonNode node = metric.settings().path("schema");
    if (!node.isObject()) {
      throw new BadInput(where + ": metric schema: it needs a schema, a JSON object");
    }
    try {
      SchemaRegistry registry =
          SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
      requireValid(registry, node, where);
      Schema schema = registry.getSchema(node);
      schema.initializeValidators();
      return new SchemaMatch(schema);
    } catch (BadInput e) {
      throw e;
    } catch (RuntimeException e) {
      throw new BadInput(where + ": metric schema: it cannot be used: " + e.getMessage(), e);
    }
  }

  /** Refuses a schema that its own draft's meta-schema does not allow, such as a wrong type. */
  private static void requireValid(SchemaRegistry registry, JsonNode node, String where) {
    String dialect =
        node.path("$schema").asString(SpecificationVersion.DRAFT_2020_12.getDialectId());
    Schema meta = registry.getSchema(SchemaLocation.of(dialect));
    meta.validate(node).stream()
        .findFirst()
        .ifPresent(
            error -> {
              throw new BadInput(where + ": metric schema: no valid schema: " + error);
            });
  }

  /** The one JSON value that a text is. */
  static Optional<JsonNode> value(String text) {
    try {
      JsonNode node = Json.mapper().readTree(Fence.off(text));
      return node.isMissingNode() ? Optional.empty() : Optional.of(node);
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }

  @Override
  public boolean right(String completion, String answer) {
    return value(answer)
        .filter(node -> schema.validate(node.toString(), InputFormat.JSON).isEmpty())
        .isPresent();
  }

  @Override
  public void check(String completion) {
    if (!right(completion, completion)) {
      throw new IllegalArgumentException("the completion is no JSON that the schema allows");
    }
  }
}
