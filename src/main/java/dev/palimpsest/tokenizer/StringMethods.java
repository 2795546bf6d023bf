package dev.palimpsest.tokenizer;

import dev.palimpsest.tokenizer.Values.Arguments;
import dev.palimpsest.tokenizer.Values.Function;
import dev.palimpsest.tokenizer.Values.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Methods of Python's str. */
final class StringMethods {
  private static final Set<String> NOT_SUPPORTED =
      Set.of(
          "casefold",
          "center",
          "encode",
          "expandtabs",
          "format_map",
          "isascii",
          "isidentifier",
          "isprintable",
          "istitle",
          "ljust",
          "maketrans",
          "partition",
          "rjust",
          "rpartition",
          "swapcase",
          "translate",
          "zfill",
          "rindex");

  private StringMethods() {}

  static @Nullable Function find(String text, String name, int line) {
    if (NOT_SUPPORTED.contains(name)) {
      throw TemplateException.unsupported(line, "method str." + name);
    }
    return switch (name) {
      case "strip" -> a -> stripped(text, a, true, true);
      case "lstrip" -> a -> stripped(text, a, true, false);
      case "rstrip" -> a -> stripped(text, a, false, true);
      case "upper" -> a -> PythonStrings.upper(text);
      case "lower" -> a -> PythonStrings.lower(text);
      case "title" -> a -> PythonStrings.title(text);
      case "capitalize" -> a -> PythonStrings.capitalize(text);
      case "split" -> a -> split(text, a, false);
      case "rsplit" -> a -> split(text, a, true);
      case "splitlines" -> a -> new ArrayList<Object>(PythonStrings.lines(text));
      case "startswith" -> a -> any(a, text::startsWith);
      case "endswith" -> a -> any(a, text::endsWith);
      case "removeprefix" ->
          a -> text.startsWith(string(a, 0)) ? text.substring(string(a, 0).length()) : text;
      case "removesuffix" ->
          a ->
              text.endsWith(string(a, 0))
                  ? text.substring(0, text.length() - string(a, 0).length())
                  : text;
      case "replace" -> a -> replaced(text, a);
      case "join" -> a -> joined(text, a.require(0, "iterable"));
      case "format" -> a -> formatted(text, a);
      case "find" -> a -> place(text, text.indexOf(string(a, 0)));
      case "rfind" -> a -> place(text, text.lastIndexOf(string(a, 0)));
      case "index" ->
          a -> {
            int found = text.indexOf(string(a, 0));
            if (found < 0) {
              throw TemplateException.raised("substring not found");
            }
            return place(text, found);
          };
      case "count" -> a -> (long) PythonStrings.split(text, string(a, 0), -1).size() - 1;
      case "isdigit", "isdecimal", "isnumeric" -> a -> all(text, Character::isDigit);
      case "isalpha" -> a -> all(text, Character::isLetter);
      case "isalnum" -> a -> all(text, Character::isLetterOrDigit);
      case "isspace" -> a -> all(text, c -> c < 0x10000 && PythonStrings.isSpace((char) c));
      case "isupper" -> a -> cased(text) && text.equals(PythonStrings.upper(text));
      case "islower" -> a -> cased(text) && text.equals(PythonStrings.lower(text));
      default -> null;
    };
  }

  private static String string(Arguments arguments, int place) {
    Object value = arguments.require(place, "text");
    if (value instanceof String text) {
      return text;
    }
    Values.rejectUndefined(value);
    throw TemplateException.raised("must be str, not " + Values.typeName(value));
  }

  private static String stripped(String text, Arguments given, boolean left, boolean right) {
    Object characters = given.get(0, "chars", Values.NONE);
    if (characters == Values.NONE) {
      String half = left ? PythonStrings.lstrip(text) : text;
      return right ? PythonStrings.rstrip(half) : half;
    }
    String set = string(given, 0);
    String half = left ? PythonStrings.lstrip(text, set) : text;
    return right ? PythonStrings.rstrip(half, set) : half;
  }

  private static Object split(String text, Arguments given, boolean fromRight) {
    int limit = Values.integer(given.get(1, "maxsplit", -1L));
    Object separator = given.get(0, "sep", Values.NONE);
    if (separator == Values.NONE) {
      if (fromRight && limit >= 0) {
        throw TemplateException.unsupported(given.line(), "rsplit by white space with a limit");
      }
      return PythonStrings.splitSpace(text, limit);
    }
    Values.rejectUndefined(separator);
    if (!(separator instanceof String by) || by.isEmpty()) {
      throw TemplateException.raised("empty separator");
    }
    return fromRight
        ? PythonStrings.splitFromRight(text, by, limit)
        : PythonStrings.split(text, by, limit);
  }

  /** Fields "{}", "{0}" and "{name}". */
  private static String formatted(String text, Arguments given) {
    StringBuilder out = new StringBuilder();
    int next = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean brace = c == '{' || c == '}';
      if (!brace || (i + 1 < text.length() && text.charAt(i + 1) == c)) {
        out.append(c);
        i += brace ? 1 : 0;
        continue;
      }
      int close = text.indexOf('}', i);
      String field = c == '{' && close > 0 ? text.substring(i + 1, close) : "}";
      if (!field.matches("\\w*")) {
        throw TemplateException.unsupported(given.line(), "str.format with '" + text + "'");
      }
      boolean place = field.isEmpty() || Character.isDigit(field.charAt(0));
      int index = !place ? Integer.MAX_VALUE : field.isEmpty() ? next++ : Integer.parseInt(field);
      out.append(PythonText.str(given.require(index, field)));
      i = close;
    }
    return out.toString();
  }

  private static boolean any(Arguments given, java.util.function.Predicate<String> test) {
    Object wanted = given.require(0, "prefix");
    if (given.positional().size() > 1) {
      throw TemplateException.unsupported(given.line(), "startswith or endswith with bounds");
    }
    if (wanted instanceof Tuple several) {
      return several.items().stream()
          .anyMatch(part -> part instanceof String text && test.test(text));
    }
    return test.test(string(given, 0));
  }

  private static String replaced(String text, Arguments given) {
    int limit = Values.integer(given.get(2, "count", -1L));
    return PythonStrings.replace(text, string(given, 0), string(given, 1), limit);
  }

  private static String joined(String separator, Object items) {
    List<String> parts = new ArrayList<>();
    for (Object item : Values.iterate(items)) {
      if (!(item instanceof String part)) {
        throw TemplateException.raised(
            "sequence item "
                + parts.size()
                + ": expected str instance, "
                + Values.typeName(item)
                + " found");
      }
      parts.add(part);
    }
    return String.join(separator, parts);
  }

  /** Python counts code points. */
  private static Object place(String text, int index) {
    return index < 0 ? -1L : (long) text.codePointCount(0, index);
  }

  private static boolean all(String text, IntPredicate test) {
    return !text.isEmpty() && text.codePoints().allMatch(test);
  }

  private static boolean cased(String text) {
    return text.codePoints().anyMatch(c -> Character.isUpperCase(c) || Character.isLowerCase(c));
  }
}
