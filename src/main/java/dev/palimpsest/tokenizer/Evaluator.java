package dev.palimpsest.tokenizer;

import dev.palimpsest.tokenizer.Expression.Compare;
import dev.palimpsest.tokenizer.Expression.DictOf;
import dev.palimpsest.tokenizer.Expression.Filter;
import dev.palimpsest.tokenizer.Expression.Given;
import dev.palimpsest.tokenizer.Expression.Slice;
import dev.palimpsest.tokenizer.Expression.Unary;
import dev.palimpsest.tokenizer.Values.Arguments;
import dev.palimpsest.tokenizer.Values.Function;
import dev.palimpsest.tokenizer.Values.Tuple;
import dev.palimpsest.tokenizer.Values.Undefined;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Evaluates expressions. */
final class Evaluator {
  private Evaluator() {}

  static Object value(Expression expression, Scope scope) {
    Object value = evaluated(expression, scope);
    boolean made =
        expression instanceof Expression.Binary
            || expression instanceof Expression.Concat
            || expression instanceof Expression.Call;
    scope.spend(made ? 1 + Values.steps(value) : 1);
    return value;
  }

  private static Object evaluated(Expression expression, Scope scope) {
    return switch (expression) {
      case Expression.Constant constant -> constant.value();
      case Expression.Name name -> {
        Object value = scope.find(name.name());
        yield value == null ? new Undefined("'" + name.name() + "' is undefined") : value;
      }
      case Expression.ListOf list -> values(list.items(), scope);
      case Expression.TupleOf tuple -> new Tuple(values(tuple.items(), scope));
      case DictOf dict -> dict(dict, scope);
      case Unary unary -> unary(unary, scope);
      case Expression.Binary b ->
          Arithmetic.apply(b.operator(), value(b.left(), scope), value(b.right(), scope), b.line());
      case Expression.And and -> {
        Object left = value(and.left(), scope);
        yield Values.truth(left) ? value(and.right(), scope) : left;
      }
      case Expression.Or or -> {
        Object left = value(or.left(), scope);
        yield Values.truth(left) ? left : value(or.right(), scope);
      }
      case Expression.Not not -> !Values.truth(value(not.operand(), scope));
      case Compare compare -> compare(compare, scope);
      case Expression.Concat concat -> {
        StringBuilder text = new StringBuilder();
        concat.parts().forEach(part -> text.append(PythonText.str(value(part, scope))));
        yield text.toString();
      }
      case Expression.Conditional c -> conditional(c, scope);
      case Expression.Attribute a -> {
        Object object = value(a.object(), scope);
        if (object instanceof String text) { // a method of it
          scope.spend(Values.steps(text));
        }
        yield Members.attribute(object, a.name(), a.line());
      }
      case Expression.Item i ->
          Members.item(value(i.object(), scope), value(i.key(), scope), i.line());
      case Slice slice -> slice(slice, scope);
      case Expression.Call call -> call(call, scope);
      case Filter filter -> filter(filter, null, scope);
      case Expression.Test test ->
          Tests.holds(
              test.name(), value(test.input(), scope), arguments(test.given(), test.line(), scope));
    };
  }

  /**
   * Applies a filter, and those before it.
   *
   * @param body the input of the innermost one, where the expression itself has none
   */
  static Object filter(Filter filter, @Nullable Object body, Scope scope) {
    Object input =
        switch (filter.input()) {
          case null -> body == null ? "" : body;
          case Filter inner -> filter(inner, body, scope);
          case Expression inner -> value(inner, scope);
        };
    Object result =
        Filters.apply(filter.name(), input, arguments(filter.given(), filter.line(), scope));
    scope.spend(Values.steps(input) + (long) Values.steps(result));
    return result;
  }

  private static List<Object> values(List<Expression> expressions, Scope scope) {
    List<Object> values = new ArrayList<>(expressions.size());
    expressions.forEach(expression -> values.add(value(expression, scope)));
    return values;
  }

  private static Map<Object, Object> dict(DictOf dict, Scope scope) {
    Map<Object, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < dict.keys().size(); i++) {
      map.put(value(dict.keys().get(i), scope), value(dict.values().get(i), scope));
    }
    return map;
  }

  private static Object unary(Unary unary, Scope scope) {
    Object operand = value(unary.operand(), scope);
    return unary.operator().equals("-")
        ? Arithmetic.negative(operand)
        : Arithmetic.apply("+", 0L, operand, unary.line());
  }

  private static Object conditional(Expression.Conditional conditional, Scope scope) {
    if (Values.truth(value(conditional.test(), scope))) {
      return value(conditional.then(), scope);
    }
    return conditional.otherwise() == null
        ? new Undefined(
            "the inline if-expression evaluated to false and no else section was defined.")
        : value(conditional.otherwise(), scope);
  }

  private static boolean compare(Compare compare, Scope scope) {
    Object left = value(compare.first(), scope);
    for (int i = 0; i < compare.operators().size(); i++) {
      Object right = value(compare.operands().get(i), scope);
      scope.spendOn(right);
      String operator = compare.operators().get(i);
      boolean holds =
          switch (operator) {
            case "==" -> Values.same(left, right);
            case "!=" -> !Values.same(left, right);
            case "in" -> Values.contains(right, left);
            case "not in" -> !Values.contains(right, left);
            case "<" -> Values.compare(left, right, operator) < 0;
            case "<=" -> Values.compare(left, right, operator) <= 0;
            case ">" -> Values.compare(left, right, operator) > 0;
            default -> Values.compare(left, right, operator) >= 0;
          };
      if (!holds) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private static Object slice(Slice slice, Scope scope) {
    List<Object> bounds = new ArrayList<>();
    bounds.add(slice.start() == null ? Values.NONE : value(slice.start(), scope));
    bounds.add(slice.stop() == null ? Values.NONE : value(slice.stop(), scope));
    bounds.add(slice.step() == null ? Values.NONE : value(slice.step(), scope));
    Object object = value(slice.object(), scope);
    scope.spend(Values.steps(object));
    return Members.slice(object, new Arguments(bounds, Map.of(), slice.line()));
  }

  private static Object call(Expression.Call call, Scope scope) {
    Object callee = value(call.callee(), scope);
    Arguments arguments = arguments(call.given(), call.line(), scope);
    Values.rejectUndefined(callee);
    if (callee instanceof Function function) {
      return function.call(arguments);
    }
    throw TemplateException.raised("'" + Values.typeName(callee) + "' object is not callable");
  }

  private static Arguments arguments(Given given, int line, Scope scope) {
    Map<String, Object> named = new LinkedHashMap<>();
    given.named().forEach((name, value) -> named.put(name, value(value, scope)));
    return new Arguments(values(given.positional(), scope), named, line);
  }
}
