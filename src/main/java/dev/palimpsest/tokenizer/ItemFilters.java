package dev.palimpsest.tokenizer;

import dev.palimpsest.tokenizer.Values.Arguments;
import dev.palimpsest.tokenizer.Values.Generated;
import dev.palimpsest.tokenizer.Values.Tuple;
import dev.palimpsest.tokenizer.Values.Undefined;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Jinja's filters that go through the items of a value. */
final class ItemFilters {
  private ItemFilters() {}

  static Object apply(String name, Object value, Arguments given) {
    return switch (name) {
      case "list" -> Filters.listOf(value);
      case "join" -> joined(value, given);
      case "first" -> end(value, "first");
      case "last" -> {
        Object items = value instanceof Map<?, ?> map ? Filters.listOf(map) : value;
        Values.length(items);
        yield end(items, "last");
      }
      case "reverse" -> reversed(value);
      case "map" -> mapped(value, given);
      case "select" -> chosen(value, given, item -> item, 0, true);
      case "reject" -> chosen(value, given, item -> item, 0, false);
      case "selectattr" -> chosen(value, given, path(given.require(0, "attr"), given), 1, true);
      case "rejectattr" -> chosen(value, given, path(given.require(0, "attr"), given), 1, false);
      case "sort" -> sorted(value, given);
      case "unique" -> unique(value, given);
      case "dictsort" -> dictSorted(value, given);
      case "min" -> extreme(value, given, "min");
      case "max" -> extreme(value, given, "max");
      case "sum" -> total(value, given);
      default -> throw TemplateException.raised("No filter named '" + name + "' found.");
    };
  }

  private static Object end(Object value, String which) {
    List<Object> items = Values.iterate(value);
    if (items.isEmpty()) {
      return new Undefined("No " + which + " item, sequence was empty.");
    }
    return which.equals("first") ? items.getFirst() : items.getLast();
  }

  private static String joined(Object value, Arguments given) {
    Object attribute = given.get(1, "attribute", Values.NONE);
    Function<Object, Object> of = attribute == Values.NONE ? i -> i : path(attribute, given);
    return Values.iterate(value).stream()
        .map(item -> PythonText.str(of.apply(item)))
        .collect(Collectors.joining(PythonText.str(given.get(0, "d", ""))));
  }

  private static Object reversed(Object value) {
    if (value instanceof String text) {
      return new StringBuilder(text).reverse().toString();
    }
    List<Object> items = Filters.listOf(value);
    Collections.reverse(items);
    return new Generated(items.iterator());
  }

  /** Follows "a.b.0" into an item; what is missing is the default, if one is given. */
  private static Function<Object, Object> path(Object attribute, Arguments given) {
    List<Object> steps = new ArrayList<>();
    for (Object step : PythonStrings.split(PythonText.str(attribute), ".", -1)) {
      steps.add(((String) step).matches("\\d+") ? (Object) Long.valueOf((String) step) : step);
    }
    Object standard = given.named().getOrDefault("default", Values.NONE);
    return item -> {
      Object value = item;
      for (Object step : steps) {
        value = Members.item(value, step, given.line());
        value = value instanceof Undefined && standard != Values.NONE ? standard : value;
      }
      return value;
    };
  }

  private static Generated mapped(Object value, Arguments given) {
    Function<Object, Object> each;
    Object attribute = given.get(Integer.MAX_VALUE, "attribute", Values.NONE);
    if (attribute != Values.NONE) {
      each = path(attribute, given);
    } else {
      String filter = PythonText.str(given.require(0, "filter"));
      Filters.checkSupported(filter, given.line());
      List<Object> rest = given.positional().subList(1, given.positional().size());
      Arguments inner = new Arguments(rest, given.named(), given.line());
      each = item -> Filters.apply(filter, item, inner);
    }
    return new Generated(itemsOf(value).stream().map(each).iterator());
  }

  /** What these filters see: nothing in whatever is false, None too. */
  private static List<Object> itemsOf(Object value) {
    return Values.truth(value) ? Values.iterate(value) : List.of();
  }

  private static Generated chosen(
      Object value, Arguments given, Function<Object, Object> of, int place, boolean wanted) {
    List<Object> positional = given.positional();
    List<Object> kept = new ArrayList<>();
    for (Object item : itemsOf(value)) {
      Object subject = of.apply(item);
      boolean holds = Values.truth(subject);
      if (positional.size() > place) {
        String test = PythonText.str(positional.get(place));
        Tests.checkSupported(test, given.line());
        List<Object> rest = positional.subList(place + 1, positional.size());
        holds = Tests.holds(test, subject, new Arguments(rest, Map.of(), given.line()));
      }
      if (holds == wanted) {
        kept.add(item);
      }
    }
    return new Generated(kept.iterator());
  }

  private static Object folded(Object value, boolean caseSensitive) {
    return !caseSensitive && value instanceof String text ? PythonStrings.lower(text) : value;
  }

  private static Function<Object, Object> key(Arguments given, int casePlace, int attributePlace) {
    boolean caseSensitive = Values.truth(given.get(casePlace, "case_sensitive", false));
    Object attribute = given.get(attributePlace, "attribute", Values.NONE);
    Function<Object, Object> of = attribute == Values.NONE ? i -> i : path(attribute, given);
    return item -> folded(of.apply(item), caseSensitive);
  }

  private static Comparator<Object> by(Function<Object, Object> key) {
    return Comparator.comparing(key, (a, b) -> Values.compare(a, b, "<"));
  }

  private static List<Object> sorted(Object value, Arguments given) {
    List<Object> items = Filters.listOf(value);
    Comparator<Object> order = by(key(given, 1, 2));
    items.sort(Values.truth(given.get(0, "reverse", false)) ? order.reversed() : order);
    return items;
  }

  private static Generated unique(Object value, Arguments given) {
    Function<Object, Object> key = key(given, 0, 1);
    List<Object> seen = new ArrayList<>();
    List<Object> kept = new ArrayList<>();
    for (Object item : Values.iterate(value)) {
      Object itemKey = key.apply(item);
      if (seen.stream().noneMatch(other -> Values.same(other, itemKey))) {
        seen.add(itemKey);
        kept.add(item);
      }
    }
    return new Generated(kept.iterator());
  }

  private static List<Object> dictSorted(Object value, Arguments given) {
    Values.rejectUndefined(value);
    if (!(value instanceof Map<?, ?> map)) {
      throw TemplateException.raised(
          "'" + Values.typeName(value) + "' object has no attribute 'items'");
    }
    boolean caseSensitive = Values.truth(given.get(0, "case_sensitive", false));
    int place = PythonText.str(given.get(1, "by", "key")).equals("value") ? 1 : 0;
    List<Object> entries = Members.entries(map);
    Comparator<Object> order =
        by(entry -> folded(((Tuple) entry).items().get(place), caseSensitive));
    entries.sort(Values.truth(given.get(2, "reverse", false)) ? order.reversed() : order);
    return entries;
  }

  private static Object extreme(Object value, Arguments given, String which) {
    List<Object> items = Values.iterate(value);
    if (items.isEmpty()) {
      return new Undefined("No aggregated item, sequence was empty.");
    }
    Comparator<Object> order = by(key(given, 0, 1));
    return which.equals("min") ? Collections.min(items, order) : Collections.max(items, order);
  }

  private static Object total(Object value, Arguments given) {
    Object attribute = given.get(0, "attribute", Values.NONE);
    Function<Object, Object> of = attribute == Values.NONE ? i -> i : path(attribute, given);
    Object sum = given.get(1, "start", 0L);
    for (Object item : Values.iterate(value)) {
      sum = Arithmetic.apply("+", sum, of.apply(item), given.line());
    }
    return sum;
  }
}
