package dev.palimpsest.tokenizer;

import dev.palimpsest.tokenizer.Values.Arguments;
import dev.palimpsest.tokenizer.Values.Generated;
import dev.palimpsest.tokenizer.Values.Undefined;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Jinja's filters on one value; those that go through items are in {@link ItemFilters}. */
final class Filters {
  private static final Set<String> NOT_SUPPORTED =
      Set.of(
          "batch",
          "center",
          "e",
          "escape",
          "filesizeformat",
          "forceescape",
          "format",
          "groupby",
          "pprint",
          "random",
          "slice",
          "striptags",
          "truncate",
          "urlencode",
          "urlize",
          "wordcount",
          "wordwrap",
          "xmlattr");

  private static final int WIDEST = 1000;

  private Filters() {}

  static void checkSupported(String name, int line) {
    if (NOT_SUPPORTED.contains(name)) {
      throw TemplateException.unsupported(line, "filter '" + name + "'");
    }
  }

  static Object apply(String name, Object value, Arguments given) {
    return switch (name) {
      case "string", "safe" -> PythonText.str(value);
      case "trim" -> trimmed(PythonText.str(value), given);
      case "upper" -> PythonStrings.upper(PythonText.str(value));
      case "lower" -> PythonStrings.lower(PythonText.str(value));
      case "capitalize" -> PythonStrings.capitalize(PythonText.str(value));
      case "title" -> title(PythonText.str(value));
      case "replace" -> replaced(value, given);
      case "indent" -> indented(PythonText.str(value), given);
      case "default", "d" -> {
        boolean falseToo = Values.truth(given.get(1, "boolean", false));
        boolean absent = value instanceof Undefined || (falseToo && !Values.truth(value));
        yield absent ? given.get(0, "default_value", "") : value;
      }
      case "length", "count" -> Values.length(value);
      case "tojson" -> json(given).dumps(value);
      case "int" -> integer(value, given);
      case "float" -> decimal(value, given);
      case "abs" -> absolute(value);
      case "round" -> rounded(value, given);
      case "attr" ->
          Members.attribute(value, PythonText.str(given.require(0, "name")), given.line());
      case "items" -> {
        if (value instanceof Undefined) {
          yield new Generated(List.of().iterator());
        }
        if (!(value instanceof Map<?, ?> map)) {
          throw TemplateException.raised("Can only get item pairs from a mapping.");
        }
        yield new Generated(Members.entries(map).iterator());
      }
      default -> ItemFilters.apply(name, value, given);
    };
  }

  private static String trimmed(String text, Arguments given) {
    Object characters = given.get(0, "chars", Values.NONE);
    if (characters == Values.NONE) {
      return PythonStrings.strip(text);
    }
    String set = PythonText.str(characters);
    return PythonStrings.lstrip(PythonStrings.rstrip(text, set), set);
  }

  /** Jinja's own: words begin after white space, a hyphen or an opening bracket. */
  private static String title(String text) {
    StringBuilder out = new StringBuilder();
    StringBuilder word = new StringBuilder();
    for (int i = 0; i <= text.length(); i++) {
      boolean ends =
          i == text.length()
              || "-({[<".indexOf(text.charAt(i)) >= 0
              || PythonStrings.isSpace(text.charAt(i));
      if (!ends) {
        word.append(text.charAt(i));
        continue;
      }
      if (!word.isEmpty()) {
        String whole = word.toString();
        int first = whole.offsetByCodePoints(0, 1);
        out.append(PythonStrings.upper(whole.substring(0, first)));
        out.append(PythonStrings.lower(whole.substring(first)));
        word.setLength(0);
      }
      if (i < text.length()) {
        out.append(text.charAt(i));
      }
    }
    return out.toString();
  }

  private static String replaced(Object value, Arguments given) {
    Object count = given.get(2, "count", Values.NONE);
    int limit = count == Values.NONE ? -1 : Values.integer(count);
    return PythonStrings.replace(
        PythonText.str(value),
        PythonText.str(given.require(0, "old")),
        PythonText.str(given.require(1, "new")),
        limit);
  }

  private static String indented(String text, Arguments given) {
    Object width = given.get(0, "width", 4L);
    String indent = width instanceof String s ? s : spaces(width);
    boolean first = Values.truth(given.get(1, "first", false));
    boolean blank = Values.truth(given.get(2, "blank", false));
    StringBuilder out = new StringBuilder(first ? indent : "");
    List<String> lines = PythonStrings.lines(text + "\n");
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      out.append(i == 0 ? "" : "\n").append(i > 0 && (blank || !line.isEmpty()) ? indent : "");
      out.append(line);
    }
    return out.toString();
  }

  private static String spaces(Object width) {
    int count = Math.max(0, Values.integer(width));
    if (count > WIDEST) {
      throw TemplateException.raised("an indentation of " + count);
    }
    return " ".repeat(count);
  }

  private static PythonJson json(Arguments given) {
    Object indent = given.get(1, "indent", Values.NONE);
    boolean oneLine = indent == Values.NONE;
    List<Object> separators =
        given.get(2, "separators", Values.NONE) == Values.NONE
            ? List.of(oneLine ? ", " : ",", ": ")
            : Values.iterate(given.get(2, "separators", Values.NONE));
    return new PythonJson(
        Values.truth(given.get(0, "ensure_ascii", false)),
        oneLine ? null : indent instanceof String s ? s : spaces(indent),
        PythonText.str(separators.getFirst()),
        PythonText.str(separators.getLast()),
        Values.truth(given.get(3, "sort_keys", false)));
  }

  private static Object integer(Object value, Arguments given) {
    Object standard = given.get(0, "default", 0L);
    if (Values.integer(given.get(1, "base", 10L)) != 10) {
      throw TemplateException.unsupported(given.line(), "filter 'int' with a base");
    }
    try {
      return switch (Values.numeric(value)) {
        case Long n -> n;
        case Double d -> Double.isFinite(d) ? (Object) d.longValue() : standard;
        case String s -> {
          String digits = PythonStrings.strip(s).replace("_", "");
          yield digits.matches("[+-]?\\d+")
              ? Long.parseLong(digits)
              : (long) Double.parseDouble(digits);
        }
        default -> standard;
      };
    } catch (NumberFormatException e) {
      return standard;
    }
  }

  private static Object decimal(Object value, Arguments given) {
    Object standard = given.get(0, "default", 0.0);
    try {
      return switch (Values.numeric(value)) {
        case Long n -> (double) n;
        case Double d -> d;
        case String s -> Double.parseDouble(PythonStrings.strip(s));
        default -> standard;
      };
    } catch (NumberFormatException e) {
      return standard;
    }
  }

  private static Object absolute(Object value) {
    Values.rejectUndefined(value);
    return switch (Values.numeric(value)) {
      case Long n -> Math.absExact(n);
      case Double d -> Math.abs(d);
      default ->
          throw TemplateException.raised(
              "bad operand type for abs(): '" + Values.typeName(value) + "'");
    };
  }

  private static Object rounded(Object value, Arguments given) {
    Values.rejectUndefined(value);
    int digits = Values.integer(given.get(0, "precision", 0L));
    String method = PythonText.str(given.get(1, "method", "common"));
    if (Values.numeric(value) instanceof Long n && method.equals("common") && digits >= 0) {
      return n;
    }
    if (!(Values.numeric(value) instanceof Number number)) {
      throw TemplateException.raised(
          "type " + Values.typeName(value) + " doesn't define __round__ method");
    }
    if (method.equals("common")) {
      return new BigDecimal(number.doubleValue())
          .setScale(digits, RoundingMode.HALF_EVEN)
          .doubleValue();
    }
    double scale = Math.pow(10, digits);
    double scaled = number.doubleValue() * scale;
    return (method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled)) / scale;
  }

  static List<Object> listOf(Object value) {
    return new ArrayList<>(Values.iterate(value));
  }
}
