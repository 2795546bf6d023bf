package dev.palimpsest.tokenizer;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What Python's values are in Java, and how they behave: {@code str} is String, {@code int} Long,
 * {@code float} Double, {@code bool} Boolean, {@code list} List, {@code dict} Map in order of
 * insertion, {@code None} is {@link #NONE}; the rest are the records below.
 */
final class Values {
  /** Python's None. */
  static final Nothing NONE = Nothing.NONE;

  /** The type of None. */
  enum Nothing {
    NONE
  }

  /**
   * A name or member that is not there: empty in output and loops, false in tests, an error
   * elsewhere.
   *
   * @param message what the error says
   */
  record Undefined(String message) {
    TemplateException failure() {
      return TemplateException.raised(message);
    }
  }

  record Tuple(List<Object> items) {}

  /** A Python generator: true whatever it holds, and gone once it has been looped over. */
  record Generated(Iterator<Object> items) {}

  record Namespace(Map<String, Object> members) {}

  /** What stands between the parentheses of a call, evaluated. */
  record Arguments(List<Object> positional, Map<String, Object> named, int line) {
    /** The argument at a place or by a name. */
    Object get(int place, String name, Object standard) {
      if (place < positional.size()) {
        return positional.get(place);
      }
      return named.getOrDefault(name, standard);
    }

    Object require(int place, String name) {
      Object value = get(place, name, NONE);
      if (value == NONE && !named.containsKey(name) && place >= positional.size()) {
        throw TemplateException.syntax(line, "argument '" + name + "' is missing");
      }
      return value;
    }
  }

  /** Something that can be called. */
  @FunctionalInterface
  interface Function {
    Object call(Arguments arguments);
  }

  private Values() {}

  static boolean truth(Object value) {
    return switch (value) {
      case Boolean b -> b;
      case String s -> !s.isEmpty();
      case Long n -> n != 0;
      case Double d -> d != 0;
      case List<?> list -> !list.isEmpty();
      case Tuple tuple -> !tuple.items.isEmpty();
      case Map<?, ?> map -> !map.isEmpty();
      case Undefined u -> false;
      default -> value != NONE;
    };
  }

  /** The name that Python's errors have for the value's type. */
  static String typeName(Object value) {
    return switch (value) {
      case Boolean b -> "bool";
      case String s -> "str";
      case Long n -> "int";
      case Double d -> "float";
      case List<?> list -> "list";
      case Tuple tuple -> "tuple";
      case Map<?, ?> map -> "dict";
      case Undefined u -> "Undefined";
      case Generated g -> "generator";
      case Namespace n -> "Namespace";
      default -> value == NONE ? "NoneType" : "function";
    };
  }

  static boolean number(Object value) {
    return value instanceof Long || value instanceof Double || value instanceof Boolean;
  }

  /** Booleans count as 1 and 0, as in Python. */
  static Object numeric(Object value) {
    return value instanceof Boolean b ? (Object) (b ? 1L : 0L) : value;
  }

  static boolean same(Object left, Object right) {
    if (number(left) && number(right)) {
      Object a = numeric(left);
      Object b = numeric(right);
      return (a instanceof Long x && b instanceof Long y)
          ? x.longValue() == y.longValue()
          : ((Number) a).doubleValue() == ((Number) b).doubleValue();
    }
    if (left instanceof Undefined && right instanceof Undefined) {
      return true;
    }
    if (left instanceof List<?> a && right instanceof List<?> b) {
      return sameItems(a, b);
    }
    if (left instanceof Tuple a && right instanceof Tuple b) {
      return sameItems(a.items, b.items);
    }
    if (left instanceof Map<?, ?> a && right instanceof Map<?, ?> b) {
      return a.size() == b.size()
          && a.entrySet().stream()
              .allMatch(e -> b.containsKey(e.getKey()) && same(e.getValue(), b.get(e.getKey())));
    }
    return Objects.equals(left, right);
  }

  private static boolean sameItems(List<?> a, List<?> b) {
    if (a.size() != b.size()) {
      return false;
    }
    for (int i = 0; i < a.size(); i++) {
      if (!same(a.get(i), b.get(i))) {
        return false;
      }
    }
    return true;
  }

  /**
   * Orders two values.
   *
   * @param operator named in the error if they have no order
   */
  static int compare(Object left, Object right, String operator) {
    if (number(left) && number(right)) {
      Object a = numeric(left);
      Object b = numeric(right);
      return (a instanceof Long x && b instanceof Long y)
          ? Long.compare(x, y)
          : Double.compare(((Number) a).doubleValue(), ((Number) b).doubleValue());
    }
    if (left instanceof String a && right instanceof String b) {
      return PythonStrings.compare(a, b);
    }
    if (left instanceof List<?> a && right instanceof List<?> b) {
      return compareItems(a, b, operator);
    }
    if (left instanceof Tuple a && right instanceof Tuple b) {
      return compareItems(a.items, b.items, operator);
    }
    rejectUndefined(left, right);
    throw TemplateException.raised(
        "'%s' not supported between instances of '%s' and '%s'"
            .formatted(operator, typeName(left), typeName(right)));
  }

  private static int compareItems(List<?> a, List<?> b, String operator) {
    for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
      if (!same(a.get(i), b.get(i))) {
        return compare(a.get(i), b.get(i), operator);
      }
    }
    return Integer.compare(a.size(), b.size());
  }

  static void rejectUndefined(Object... values) {
    for (Object value : values) {
      if (value instanceof Undefined undefined) {
        throw undefined.failure();
      }
    }
  }

  static boolean contains(Object container, Object item) {
    return switch (container) {
      case String text -> {
        if (item instanceof String part) {
          yield text.contains(part);
        }
        rejectUndefined(item);
        throw TemplateException.raised(
            "'in <string>' requires string as left operand, not " + typeName(item));
      }
      case Map<?, ?> map -> map.containsKey(item);
      default -> iterate(container).stream().anyMatch(element -> same(element, item));
    };
  }

  /** The items that a loop over the value sees. */
  static List<Object> iterate(Object value) {
    return switch (value) {
      case List<?> list -> new ArrayList<>(list);
      case Tuple tuple -> tuple.items;
      case Map<?, ?> map -> new ArrayList<>(map.keySet());
      case String text -> new ArrayList<>(PythonStrings.characters(text));
      case Undefined undefined -> List.of();
      case Generated generated -> {
        List<Object> items = new ArrayList<>();
        generated.items.forEachRemaining(items::add);
        yield items;
      }
      default -> throw TemplateException.raised("'" + typeName(value) + "' object is not iterable");
    };
  }

  /** How many steps it takes to go through a value: characters go by fours. */
  static int steps(Object value) {
    return value instanceof String text ? text.length() / 4 : size(value);
  }

  /** Characters of a text, items of a collection. */
  static int size(Object value) {
    return switch (value) {
      case String text -> text.length();
      case List<?> list -> list.size();
      case Tuple tuple -> tuple.items.size();
      case Map<?, ?> map -> map.size();
      default -> 0;
    };
  }

  static long length(Object value) {
    return switch (value) {
      case String text -> text.codePointCount(0, text.length());
      case List<?> list -> list.size();
      case Tuple tuple -> tuple.items.size();
      case Map<?, ?> map -> map.size();
      case Undefined undefined -> 0;
      default ->
          throw TemplateException.raised("object of type '" + typeName(value) + "' has no len()");
    };
  }

  /** A whole number. */
  static int integer(Object value) {
    if (numeric(value) instanceof Long n) {
      if (n != n.intValue()) {
        throw TemplateException.raised(n + " does not fit into 32 bits");
      }
      return n.intValue();
    }
    rejectUndefined(value);
    throw TemplateException.raised(
        "'" + typeName(value) + "' object cannot be interpreted as an integer");
  }
}
