package dev.palimpsest.tokenizer;

import dev.palimpsest.tokenizer.Values.Tuple;
import dev.palimpsest.tokenizer.Values.Undefined;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/** Python's {@code str} and {@code repr} of values. */
final class PythonText {
  private PythonText() {}

  static String str(Object value) {
    return switch (value) {
      case String text -> text;
      case Undefined undefined -> "";
      default -> repr(value);
    };
  }

  static String repr(Object value) {
    return switch (value) {
      case String text -> quoted(text);
      case Boolean b -> b ? "True" : "False";
      case Long n -> n.toString();
      case Double d -> decimal(d);
      case List<?> list -> joined(list, "[", "]");
      case Tuple tuple -> joined(tuple.items(), "(", tuple.items().size() == 1 ? ",)" : ")");
      case Map<?, ?> map -> {
        List<String> entries = new ArrayList<>();
        map.forEach((key, item) -> entries.add(repr(key) + ": " + repr(item)));
        yield "{" + String.join(", ", entries) + "}";
      }
      case Undefined undefined -> "Undefined";
      default -> value == Values.NONE ? "None" : "<" + Values.typeName(value) + ">";
    };
  }

  private static String joined(List<?> items, String open, String close) {
    StringJoiner out = new StringJoiner(", ", open, close);
    for (Object item : items) {
      out.add(repr(item));
    }
    return out.toString();
  }

  /** Shortest digits that read back; an exponent below 1e-4 and from 1e16 on. */
  static String decimal(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    BigDecimal exact = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    String sign = value < 0 || (value == 0 && 1 / value < 0) ? "-" : "";
    String digits = exact.unscaledValue().abs().toString();
    int exponent = digits.length() - exact.scale() - 1;
    if (value == 0) {
      return sign + "0.0";
    }
    if (exponent < -4 || exponent >= 16) {
      String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
      return sign
          + digits.charAt(0)
          + fraction
          + "e"
          + (exponent < 0 ? "-" : "+")
          + (Math.abs(exponent) < 10 ? "0" : "")
          + Math.abs(exponent);
    }
    String plain = exact.abs().toPlainString();
    return sign + (plain.indexOf('.') < 0 ? plain + ".0" : plain);
  }

  private static String quoted(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder out = new StringBuilder().append(quote);
    for (int c : text.codePoints().toArray()) {
      if (c == quote || c == '\\') {
        out.append('\\').append((char) c);
      } else if (c == '\n') {
        out.append("\\n");
      } else if (c == '\r') {
        out.append("\\r");
      } else if (c == '\t') {
        out.append("\\t");
      } else if (Printable.is(c)) {
        out.appendCodePoint(c);
      } else {
        String form = c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x";
        out.append(form.formatted(c));
      }
    }
    return out.append(quote).toString();
  }
}
