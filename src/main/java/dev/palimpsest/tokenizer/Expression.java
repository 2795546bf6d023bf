package dev.palimpsest.tokenizer;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Expressions of the template language. Lines count from one. */
sealed interface Expression {
  record Constant(Object value) implements Expression {}

  record Name(String name, int line) implements Expression {}

  record ListOf(List<Expression> items) implements Expression {}

  record TupleOf(List<Expression> items) implements Expression {}

  record DictOf(List<Expression> keys, List<Expression> values) implements Expression {}

  record Unary(String operator, Expression operand, int line) implements Expression {}

  record Binary(String operator, Expression left, Expression right, int line)
      implements Expression {}

  record And(Expression left, Expression right) implements Expression {}

  record Or(Expression left, Expression right) implements Expression {}

  record Not(Expression operand) implements Expression {}

  /** A chain: each operator stands between its operand and the one before. */
  record Compare(Expression first, List<String> operators, List<Expression> operands, int line)
      implements Expression {}

  record Concat(List<Expression> parts) implements Expression {}

  record Conditional(Expression test, Expression then, @Nullable Expression otherwise)
      implements Expression {}

  record Attribute(Expression object, String name, int line) implements Expression {}

  record Item(Expression object, Expression key, int line) implements Expression {}

  record Slice(
      Expression object,
      @Nullable Expression start,
      @Nullable Expression stop,
      @Nullable Expression step,
      int line)
      implements Expression {}

  /** What is between the parentheses of a call. */
  record Given(List<Expression> positional, Map<String, Expression> named) {
    static final Given NOTHING = new Given(List.of(), Map.of());
  }

  record Call(Expression callee, Given given, int line) implements Expression {}

  /** Without input in a filter block, whose body is the input. */
  record Filter(@Nullable Expression input, String name, Given given, int line)
      implements Expression {}

  record Test(Expression input, String name, Given given, int line) implements Expression {}
}
