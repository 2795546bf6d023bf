package dev.palimpsest.tokenizer;

import dev.palimpsest.tokenizer.Values.Arguments;
import dev.palimpsest.tokenizer.Values.Function;
import dev.palimpsest.tokenizer.Values.Namespace;
import dev.palimpsest.tokenizer.Values.Tuple;
import dev.palimpsest.tokenizer.Values.Undefined;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What stands behind a dot or in brackets: keys, items, slices, methods. */
final class Members {
  /** Methods that change their object: the sandbox that transformers renders in forbids them. */
  private static final Set<String> LIST_CHANGES =
      Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");

  private static final Set<String> DICT_CHANGES =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  private Members() {}

  /** {@code object.name}: methods come before keys. */
  static Object attribute(Object object, String name, int line) {
    Values.rejectUndefined(object);
    Object method = method(object, name, line);
    if (method != null) {
      return method;
    }
    Object value = member(object, name);
    return value == null ? missing(object, "attribute", name) : value;
  }

  /** {@code object[key]}: keys come before methods. */
  static Object item(Object object, Object key, int line) {
    Values.rejectUndefined(object);
    Object value = null;
    if (key instanceof String name) {
      value = member(object, name);
      value = value == null ? method(object, name, line) : value;
      return value == null ? missing(object, "attribute", name) : value;
    }
    if (object instanceof Map<?, ?> map) {
      value = map.get(key);
    } else if (Values.numeric(key) instanceof Long index) {
      List<?> items =
          switch (object) {
            case List<?> list -> list;
            case Tuple tuple -> tuple.items();
            case String text -> PythonStrings.characters(text);
            default -> List.of();
          };
      long place = index < 0 ? index + items.size() : index;
      value = place >= 0 && place < items.size() ? items.get((int) place) : null;
    }
    return value == null ? missing(object, "element", PythonText.repr(key)) : value;
  }

  private static Undefined missing(Object object, String kind, String name) {
    String owner = object == Values.NONE ? "None" : Values.typeName(object) + " object";
    return new Undefined(
        kind.equals("attribute")
            ? "'" + owner + "' has no attribute '" + name + "'"
            : owner + " has no element " + name);
  }

  private static @Nullable Object member(Object object, String name) {
    return switch (object) {
      case Map<?, ?> map -> map.get(name);
      case Namespace namespace -> namespace.members().get(name);
      default -> null;
    };
  }

  private static @Nullable Function method(Object object, String name, int line) {
    return switch (object) {
      case String text -> StringMethods.find(text, name, line);
      case Map<?, ?> map -> dictMethod(map, name);
      case List<?> list -> {
        if (LIST_CHANGES.contains(name)) {
          yield forbidden("list", name);
        }
        yield sequenceMethod(list, name);
      }
      case Tuple tuple -> sequenceMethod(tuple.items(), name);
      default -> null;
    };
  }

  private static Function forbidden(String type, String name) {
    return arguments -> {
      throw TemplateException.raised(
          "access to attribute '" + name + "' of '" + type + "' object is unsafe.");
    };
  }

  private static @Nullable Function dictMethod(Map<?, ?> map, String name) {
    if (DICT_CHANGES.contains(name)) {
      return forbidden("dict", name);
    }
    return switch (name) {
      case "items" -> arguments -> entries(map);
      case "keys" -> arguments -> new ArrayList<Object>(map.keySet());
      case "values" -> arguments -> new ArrayList<Object>(map.values());
      case "copy" -> arguments -> map;
      case "get" ->
          arguments -> {
            Object found = map.get(arguments.require(0, "key"));
            return found == null ? arguments.get(1, "default", Values.NONE) : found;
          };
      default -> null;
    };
  }

  static List<Object> entries(Map<?, ?> map) {
    List<Object> entries = new ArrayList<>();
    map.forEach((key, value) -> entries.add(new Tuple(List.of(key, value))));
    return entries;
  }

  private static @Nullable Function sequenceMethod(List<?> items, String name) {
    return switch (name) {
      case "index" ->
          arguments ->
              (long)
                  IntStream.range(0, items.size())
                      .filter(i -> Values.same(items.get(i), arguments.require(0, "value")))
                      .findFirst()
                      .orElseThrow(() -> TemplateException.raised("value is not in list"));
      case "count" ->
          arguments ->
              items.stream().filter(i -> Values.same(i, arguments.require(0, "value"))).count();
      case "copy" -> arguments -> items;
      default -> null;
    };
  }

  /**
   * {@code object[start:stop:step]}.
   *
   * @param bounds the three, {@code NONE} where not given
   */
  static Object slice(Object object, Arguments bounds) {
    Values.rejectUndefined(object);
    return switch (object) {
      case String text -> {
        StringBuilder out = new StringBuilder();
        pick(PythonStrings.characters(text), bounds).forEach(out::append);
        yield out.toString();
      }
      case List<?> list -> pick(list, bounds);
      case Tuple tuple -> new Tuple(pick(tuple.items(), bounds));
      default -> missing(object, "element", "slice");
    };
  }

  private static List<Object> pick(List<?> items, Arguments bounds) {
    int size = items.size();
    int step = bound(bounds.positional().get(2), 1);
    if (step == 0) {
      throw TemplateException.raised("slice step cannot be zero");
    }
    boolean forward = step > 0;
    int start = clamp(bounds.positional().get(0), forward ? 0 : size - 1, size, forward);
    int stop = clamp(bounds.positional().get(1), forward ? size : -1, size, forward);
    List<Object> picked = new ArrayList<>();
    for (long i = start; forward ? i < stop : i > stop; i += step) {
      picked.add(items.get((int) i));
    }
    return picked;
  }

  private static int bound(Object value, int standard) {
    return value == Values.NONE ? standard : Values.integer(value);
  }

  private static int clamp(Object value, int standard, int size, boolean forward) {
    if (value == Values.NONE) {
      return standard;
    }
    int given = Values.integer(value);
    int place = given < 0 ? given + size : given;
    return forward ? Math.clamp(place, 0, size) : Math.clamp(place, -1, size - 1);
  }
}
