package dev.palimpsest.tokenizer;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Statements of the template language. Lines count from one. */
sealed interface Statement {
  record Text(String text) implements Statement {}

  record Output(Expression value) implements Statement {}

  record If(Expression test, List<Statement> then, List<Statement> otherwise)
      implements Statement {}

  record For(
      Target target,
      Expression items,
      @Nullable Expression filter,
      List<Statement> body,
      List<Statement> otherwise,
      int line)
      implements Statement {}

  record Set(Target target, Expression value, int line) implements Statement {}

  /** {@code filter} has the body for its innermost input. */
  record SetBlock(Target target, Expression.@Nullable Filter filter, List<Statement> body, int line)
      implements Statement {}

  record Macro(String name, List<Parameter> parameters, List<Statement> body, int line)
      implements Statement {}

  record Parameter(String name, @Nullable Expression standard) {}

  record FilterBlock(Expression.Filter filter, List<Statement> body) implements Statement {}

  record With(List<Target> targets, List<Expression> values, List<Statement> body, int line)
      implements Statement {}

  /** What the assistant says, in templates made for training; rendered as it is. */
  record Generation(List<Statement> body) implements Statement {}

  record Break() implements Statement {}

  record Continue() implements Statement {}

  /** Where a value goes. */
  sealed interface Target {}

  record Variable(String name) implements Target {}

  record Member(String namespace, String name) implements Target {}

  record Several(List<Target> targets) implements Target {}
}
