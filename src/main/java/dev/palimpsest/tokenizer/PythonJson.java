package dev.palimpsest.tokenizer;

import dev.palimpsest.tokenizer.Values.Tuple;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Python's json.dumps, as transformers' {@code tojson} calls it.
 *
 * @param indent what a level is indented by, or null for one line
 * @param between separates items
 * @param colon separates key and value
 */
record PythonJson(
    boolean ascii, @Nullable String indent, String between, String colon, boolean sortKeys) {

  String dumps(Object value) {
    StringBuilder out = new StringBuilder();
    write(value, 0, out);
    return out.toString();
  }

  private void write(Object value, int depth, StringBuilder out) {
    switch (value) {
      case String text -> string(text, out);
      case Boolean b -> out.append(b ? "true" : "false");
      case Long n -> out.append(n);
      case Double d -> out.append(number(d));
      case List<?> list -> list(list, depth, out);
      case Tuple tuple -> list(tuple.items(), depth, out);
      case Map<?, ?> map -> map(map, depth, out);
      default -> {
        if (value != Values.NONE) {
          throw TemplateException.raised(
              "Object of type " + Values.typeName(value) + " is not JSON serializable");
        }
        out.append("null");
      }
    }
  }

  private static String number(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    return Double.isInfinite(value)
        ? (value > 0 ? "Infinity" : "-Infinity")
        : PythonText.decimal(value);
  }

  private void list(List<?> items, int depth, StringBuilder out) {
    if (items.isEmpty()) {
      out.append("[]");
      return;
    }
    out.append('[');
    for (int i = 0; i < items.size(); i++) {
      out.append(i == 0 ? "" : between);
      newLine(depth + 1, out);
      write(items.get(i), depth + 1, out);
    }
    newLine(depth, out);
    out.append(']');
  }

  private void map(Map<?, ?> map, int depth, StringBuilder out) {
    if (map.isEmpty()) {
      out.append("{}");
      return;
    }
    List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
    if (sortKeys) {
      entries.sort(Comparator.comparing(Map.Entry::getKey, (a, b) -> Values.compare(a, b, "<")));
    }
    out.append('{');
    String separator = "";
    for (Map.Entry<?, ?> entry : entries) {
      out.append(separator);
      separator = between;
      newLine(depth + 1, out);
      string(key(entry.getKey()), out);
      out.append(colon);
      write(entry.getValue(), depth + 1, out);
    }
    newLine(depth, out);
    out.append('}');
  }

  private static String key(Object key) {
    return switch (key) {
      case String text -> text;
      case Boolean b -> b ? "true" : "false";
      case Long n -> n.toString();
      case Double d -> number(d);
      default -> {
        if (key == Values.NONE) {
          yield "null";
        }
        throw TemplateException.raised(
            "keys must be str, int, float, bool or None, not " + Values.typeName(key));
      }
    };
  }

  private void newLine(int depth, StringBuilder out) {
    if (indent != null) {
      out.append('\n').repeat(indent, depth);
    }
  }

  private void string(String text, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int plain = "\"\\\n\r\t\b\f".indexOf(c);
      if (plain >= 0) {
        out.append('\\').append("\"\\nrtbf".charAt(plain));
      } else if (c < 0x20 || (ascii && c > 0x7E)) {
        out.append("\\u%04x".formatted((int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
