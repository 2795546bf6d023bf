package dev.palimpsest.tokenizer;

import dev.palimpsest.tokenizer.Values.Arguments;
import dev.palimpsest.tokenizer.Values.Function;
import dev.palimpsest.tokenizer.Values.Generated;
import dev.palimpsest.tokenizer.Values.Tuple;
import dev.palimpsest.tokenizer.Values.Undefined;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Jinja's tests: what may stand after {@code is}. */
final class Tests {
  private static final Set<String> NOT_SUPPORTED = Set.of("escaped", "filter", "test");

  private Tests() {}

  static void checkSupported(String name, int line) {
    if (NOT_SUPPORTED.contains(name)) {
      throw TemplateException.unsupported(line, "test '" + name + "'");
    }
  }

  static boolean holds(String name, Object value, Arguments given) {
    return switch (name) {
      case "defined" -> !(value instanceof Undefined);
      case "undefined" -> value instanceof Undefined;
      case "none" -> value == Values.NONE;
      case "string" -> value instanceof String;
      case "mapping" -> value instanceof Map;
      case "number" -> Values.number(value);
      case "integer" -> value instanceof Long;
      case "float" -> value instanceof Double;
      case "boolean" -> value instanceof Boolean;
      case "true" -> value.equals(true);
      case "false" -> value.equals(false);
      case "callable" -> value instanceof Function;
      case "iterable" -> sequence(value) || value instanceof Generated;
      case "sequence" -> sequence(value);
      case "sameas" -> same(value, given);
      case "odd" -> remainder(value, 2) == 1;
      case "even" -> remainder(value, 2) == 0;
      case "divisibleby" -> remainder(value, Values.integer(given.require(0, "num"))) == 0;
      case "lower" -> PythonText.str(value).equals(PythonStrings.lower(PythonText.str(value)));
      case "upper" -> PythonText.str(value).equals(PythonStrings.upper(PythonText.str(value)));
      case "eq", "equalto", "==" -> Values.same(value, given.require(0, "b"));
      case "ne", "!=" -> !Values.same(value, given.require(0, "b"));
      case "in" -> Values.contains(given.require(0, "seq"), value);
      case "lt", "lessthan", "<" -> Values.compare(value, given.require(0, "b"), "<") < 0;
      case "le", "<=" -> Values.compare(value, given.require(0, "b"), "<=") <= 0;
      case "gt", "greaterthan", ">" -> Values.compare(value, given.require(0, "b"), ">") > 0;
      case "ge", ">=" -> Values.compare(value, given.require(0, "b"), ">=") >= 0;
      default -> throw TemplateException.raised("No test named '" + name + "' found.");
    };
  }

  private static boolean sequence(Object value) {
    return value instanceof String
        || value instanceof List
        || value instanceof Tuple
        || value instanceof Map
        || value instanceof Undefined;
  }

  private static boolean same(Object value, Arguments given) {
    Object other = given.require(0, "other");
    if (value instanceof List || value instanceof Map || value instanceof Tuple) {
      throw TemplateException.unsupported(given.line(), "test 'sameas' on a container");
    }
    return value.getClass() == other.getClass() && value.equals(other);
  }

  private static long remainder(Object value, int divisor) {
    return Math.floorMod((long) Values.integer(value), (long) divisor);
  }
}
