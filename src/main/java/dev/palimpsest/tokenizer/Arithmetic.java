package dev.palimpsest.tokenizer;

import dev.palimpsest.tokenizer.Values.Tuple;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Python's arithmetic; whole numbers beyond 64 bits are an error. */
final class Arithmetic {
  private static final long LONGEST = 10_000_000;

  private Arithmetic() {}

  static Object apply(String operator, Object left, Object right, int line) {
    Values.rejectUndefined(left, right);
    if (operator.equals("%") && left instanceof String) {
      throw TemplateException.unsupported(line, "formatting with '%'");
    }
    if (Values.number(left) && Values.number(right)) {
      return numbers(operator, Values.numeric(left), Values.numeric(right));
    }
    if (operator.equals("+")) {
      if (left instanceof String a && right instanceof String b) {
        return a + b;
      }
      if (left instanceof List<?> a && right instanceof List<?> b) {
        return chained(a, b);
      }
      if (left instanceof Tuple a && right instanceof Tuple b) {
        return new Tuple(chained(a.items(), b.items()));
      }
    }
    if (operator.equals("*")) {
      Object times = Values.number(left) ? left : right;
      Object repeated = Values.number(left) ? right : left;
      if (Values.numeric(times) instanceof Long n) {
        int count = Math.clamp(n, 0, Integer.MAX_VALUE);
        if ((long) count * Values.size(repeated) > LONGEST) {
          throw TemplateException.raised("a repetition longer than " + LONGEST);
        }
        if (repeated instanceof String text) {
          return text.repeat(count);
        }
        if (repeated instanceof List<?> list) {
          return Collections.nCopies(count, list).stream().<Object>flatMap(List::stream).toList();
        }
      }
    }
    throw TemplateException.raised(mismatch(operator, left, right));
  }

  private static String mismatch(String operator, Object left, Object right) {
    String rightType = Values.typeName(right);
    if (operator.equals("+") && (left instanceof String || left instanceof List)) {
      String type = Values.typeName(left);
      return "can only concatenate " + type + " (not \"" + rightType + "\") to " + type;
    }
    return "unsupported operand type(s) for %s: '%s' and '%s'"
        .formatted(operator, Values.typeName(left), rightType);
  }

  private static List<Object> chained(List<?> a, List<?> b) {
    List<Object> both = new ArrayList<>(a);
    both.addAll(b);
    return both;
  }

  private static Object numbers(String operator, Object left, Object right) {
    if (left instanceof Long a && right instanceof Long b) {
      return integers(operator, a, b);
    }
    return decimals(operator, ((Number) left).doubleValue(), ((Number) right).doubleValue());
  }

  private static Object integers(String operator, long a, long b) {
    if (b == 0 && (operator.equals("//") || operator.equals("%"))) {
      throw TemplateException.raised("integer division or modulo by zero");
    }
    try {
      return switch (operator) {
        case "+" -> Math.addExact(a, b);
        case "-" -> Math.subtractExact(a, b);
        case "*" -> Math.multiplyExact(a, b);
        case "//" -> Math.floorDiv(a, b);
        case "%" -> Math.floorMod(a, b);
        case "**" ->
            b < 0
                ? (Object) Math.pow((double) a, (double) b)
                : (Object) Math.powExact(a, Math.toIntExact(b));
        default -> decimals(operator, (double) a, (double) b);
      };
    } catch (ArithmeticException e) {
      throw TemplateException.raised("a whole number does not fit into 64 bits");
    }
  }

  private static Object decimals(String operator, double a, double b) {
    if (b == 0 && (operator.startsWith("/") || operator.equals("%"))) {
      throw TemplateException.raised(
          operator.equals("/") ? "division by zero" : "float floor division by zero");
    }
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / b;
      case "//" -> Math.floor(a / b);
      case "%" -> a - b * Math.floor(a / b);
      default -> Math.pow(a, b);
    };
  }

  static Object negative(Object value) {
    Values.rejectUndefined(value);
    return switch (Values.numeric(value)) {
      case Long n -> integers("-", 0, n);
      case Double d -> -d;
      default ->
          throw TemplateException.raised(
              "bad operand type for unary -: '" + Values.typeName(value) + "'");
    };
  }
}
