package dev.palimpsest.tokenizer;

import dev.palimpsest.tokenizer.Expression.And;
import dev.palimpsest.tokenizer.Expression.Attribute;
import dev.palimpsest.tokenizer.Expression.Binary;
import dev.palimpsest.tokenizer.Expression.Call;
import dev.palimpsest.tokenizer.Expression.Compare;
import dev.palimpsest.tokenizer.Expression.Concat;
import dev.palimpsest.tokenizer.Expression.Conditional;
import dev.palimpsest.tokenizer.Expression.Constant;
import dev.palimpsest.tokenizer.Expression.DictOf;
import dev.palimpsest.tokenizer.Expression.Filter;
import dev.palimpsest.tokenizer.Expression.Given;
import dev.palimpsest.tokenizer.Expression.Item;
import dev.palimpsest.tokenizer.Expression.ListOf;
import dev.palimpsest.tokenizer.Expression.Name;
import dev.palimpsest.tokenizer.Expression.Not;
import dev.palimpsest.tokenizer.Expression.Or;
import dev.palimpsest.tokenizer.Expression.Slice;
import dev.palimpsest.tokenizer.Expression.Test;
import dev.palimpsest.tokenizer.Expression.TupleOf;
import dev.palimpsest.tokenizer.Expression.Unary;
import dev.palimpsest.tokenizer.Lexeme.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Recursive descent over the expression grammar of Jinja 3.1, loosest binding first. */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<Kind> TEST_ARGUMENT =
      Set.of(Kind.NAME, Kind.STRING, Kind.INTEGER, Kind.FLOAT);

  private final List<Lexeme> lexemes;
  private int at;

  ExpressionParser(List<Lexeme> lexemes) {
    this.lexemes = lexemes;
  }

  Lexeme current() {
    return lexemes.get(at);
  }

  Lexeme look() {
    return lexemes.get(Math.min(at + 1, lexemes.size() - 1));
  }

  Lexeme next() {
    Lexeme lexeme = current();
    if (lexeme.kind() != Kind.END) {
      at++;
    }
    return lexeme;
  }

  boolean skipName(String word) {
    boolean found = current().name(word);
    at += found ? 1 : 0;
    return found;
  }

  boolean skipOperator(String symbol) {
    boolean found = current().operator(symbol);
    at += found ? 1 : 0;
    return found;
  }

  Lexeme expect(Kind kind) {
    if (current().kind() != kind) {
      throw unexpected("expected " + kind.name().toLowerCase(java.util.Locale.ROOT));
    }
    return next();
  }

  void expectOperator(String symbol) {
    if (!skipOperator(symbol)) {
      throw unexpected("expected '" + symbol + "'");
    }
  }

  void expectName(String word) {
    if (!skipName(word)) {
      throw unexpected("expected '" + word + "'");
    }
  }

  TemplateException unexpected(String expected) {
    Lexeme found = current();
    String shown =
        found.text().isEmpty()
            ? found.kind().name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ')
            : found.text();
    return TemplateException.syntax(found.line(), "unexpected '" + shown + "', " + expected);
  }

  /** One expression, or several with commas between as a tuple. */
  Expression tuple(boolean conditional) {
    Supplier<Expression> part = conditional ? this::expression : this::or;
    Expression first = part.get();
    if (!current().operator(",")) {
      return first;
    }
    List<Expression> items = new ArrayList<>(List.of(first));
    while (skipOperator(",") && !tupleEnds()) {
      items.add(part.get());
    }
    return new TupleOf(items);
  }

  private boolean tupleEnds() {
    Kind kind = current().kind();
    return kind == Kind.OUTPUT_END || kind == Kind.TAG_END || current().operator(")");
  }

  Expression expression() {
    Expression value = or();
    while (skipName("if")) {
      Expression test = or();
      Expression otherwise = skipName("else") ? expression() : null;
      value = new Conditional(test, value, otherwise);
    }
    return value;
  }

  Expression or() {
    Expression left = and();
    while (skipName("or")) {
      left = new Or(left, and());
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (skipName("and")) {
      left = new And(left, not());
    }
    return left;
  }

  private Expression not() {
    return skipName("not") ? new Not(not()) : compare();
  }

  private Expression compare() {
    int line = current().line();
    Expression first = sum();
    List<String> operators = new ArrayList<>();
    List<Expression> operands = new ArrayList<>();
    while (true) {
      if (current().kind() == Kind.OPERATOR && COMPARISONS.contains(current().text())) {
        operators.add(next().text());
      } else if (skipName("in")) {
        operators.add("in");
      } else if (current().name("not") && look().name("in")) {
        at += 2;
        operators.add("not in");
      } else {
        break;
      }
      operands.add(sum());
    }
    return operators.isEmpty() ? first : new Compare(first, operators, operands, line);
  }

  private Expression sum() {
    return leftToRight(this::concat, "+", "-");
  }

  private Expression concat() {
    Expression first = product();
    if (!current().operator("~")) {
      return first;
    }
    List<Expression> parts = new ArrayList<>(List.of(first));
    while (skipOperator("~")) {
      parts.add(product());
    }
    return new Concat(parts);
  }

  private Expression product() {
    return leftToRight(this::power, "*", "/", "//", "%");
  }

  private Expression power() {
    return leftToRight(() -> unary(true), "**");
  }

  private Expression leftToRight(Supplier<Expression> part, String... operators) {
    Expression left = part.get();
    while (current().kind() == Kind.OPERATOR && List.of(operators).contains(current().text())) {
      Lexeme operator = next();
      left = new Binary(operator.text(), left, part.get(), operator.line());
    }
    return left;
  }

  private Expression unary(boolean filtered) {
    Expression value;
    if (current().operator("-") || current().operator("+")) {
      Lexeme sign = next();
      value = new Unary(sign.text(), unary(false), sign.line());
    } else {
      value = primary();
    }
    value = postfix(value);
    return filtered ? filtersAndTests(value) : value;
  }

  Expression primary() {
    Lexeme lexeme = next();
    return switch (lexeme.kind()) {
      case NAME ->
          switch (lexeme.text()) {
            case "true", "True" -> new Constant(true);
            case "false", "False" -> new Constant(false);
            case "none", "None" -> new Constant(Values.NONE);
            default -> new Name(lexeme.text(), lexeme.line());
          };
      case STRING -> {
        StringBuilder text = new StringBuilder(lexeme.text());
        while (current().kind() == Kind.STRING) {
          text.append(next().text());
        }
        yield new Constant(text.toString());
      }
      case INTEGER -> new Constant(Long.parseLong(lexeme.text()));
      case FLOAT -> new Constant(Double.parseDouble(lexeme.text()));
      case OPERATOR ->
          switch (lexeme.text()) {
            case "(" -> parenthesised();
            case "[" -> new ListOf(items("]"));
            case "{" -> dict();
            default -> {
              at--;
              throw unexpected("expected an expression");
            }
          };
      default -> {
        at--;
        throw unexpected("expected an expression");
      }
    };
  }

  private Expression parenthesised() {
    if (skipOperator(")")) {
      return new TupleOf(List.of());
    }
    Expression inner = tuple(true);
    expectOperator(")");
    return inner;
  }

  private List<Expression> items(String close) {
    List<Expression> items = new ArrayList<>();
    while (!skipOperator(close)) {
      items.add(expression());
      if (!current().operator(close)) {
        expectOperator(",");
      }
    }
    return items;
  }

  private Expression dict() {
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!skipOperator("}")) {
      keys.add(expression());
      expectOperator(":");
      values.add(expression());
      if (!current().operator("}")) {
        expectOperator(",");
      }
    }
    return new DictOf(keys, values);
  }

  private Expression postfix(Expression object) {
    Expression value = object;
    while (true) {
      int line = current().line();
      if (skipOperator(".")) {
        Lexeme member = next();
        value =
            switch (member.kind()) {
              case NAME -> new Attribute(value, member.text(), line);
              case INTEGER -> new Item(value, new Constant(Long.parseLong(member.text())), line);
              default -> throw TemplateException.syntax(line, "expected name or number after '.'");
            };
      } else if (skipOperator("[")) {
        value = subscript(value, line);
      } else if (skipOperator("(")) {
        value = new Call(value, given(), line);
      } else {
        return value;
      }
    }
  }

  private Expression subscript(Expression object, int line) {
    Expression start = current().operator(":") ? null : expression();
    if (start != null && !current().operator(":")) {
      if (skipOperator(",")) {
        throw TemplateException.unsupported(line, "a subscript with several parts");
      }
      expectOperator("]");
      return new Item(object, start, line);
    }
    expectOperator(":");
    Expression stop = bound();
    Expression step = skipOperator(":") ? bound() : null;
    expectOperator("]");
    return new Slice(object, start, stop, step, line);
  }

  private @Nullable Expression bound() {
    return current().operator(":") || current().operator("]") ? null : expression();
  }

  /** Arguments after the opening parenthesis, up to and with the closing one. */
  private Given given() {
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> named = new LinkedHashMap<>();
    while (!skipOperator(")")) {
      if (current().operator("*") || current().operator("**")) {
        throw TemplateException.unsupported(current().line(), "unpacking of arguments");
      }
      if (current().kind() == Kind.NAME && look().operator("=")) {
        String name = next().text();
        next();
        named.put(name, expression());
      } else if (named.isEmpty()) {
        positional.add(expression());
      } else {
        throw unexpected("expected a named argument");
      }
      if (!current().operator(")")) {
        expectOperator(",");
      }
    }
    return new Given(positional, named);
  }

  private Expression filtersAndTests(Expression input) {
    Expression value = input;
    while (true) {
      int line = current().line();
      if (current().operator("|")) {
        value = filters(value);
      } else if (skipName("is")) {
        value = test(value, line);
      } else if (skipOperator("(")) {
        value = new Call(value, given(), line);
      } else {
        return value;
      }
    }
  }

  /** One filter or more, each after its "|". */
  private Expression filters(Expression input) {
    Expression value = input;
    while (skipOperator("|")) {
      value = filter(value);
    }
    return value;
  }

  /** A chain whose first filter has no "|" and no input before it: of a filter or set block. */
  Filter blockFilters() {
    Filter value = filter(null);
    while (skipOperator("|")) {
      value = filter(value);
    }
    return value;
  }

  private Filter filter(@Nullable Expression input) {
    Lexeme name = expect(Kind.NAME);
    Filters.checkSupported(name.text(), name.line());
    Given given = skipOperator("(") ? given() : Given.NOTHING;
    return new Filter(input, name.text(), given, name.line());
  }

  private Expression test(Expression input, int line) {
    boolean negated = skipName("not");
    String name = expect(Kind.NAME).text();
    Tests.checkSupported(name, line);
    Given given = Given.NOTHING;
    if (skipOperator("(")) {
      given = given();
    } else if (testArgument()) {
      if (current().name("is")) {
        throw unexpected("tests cannot be chained with is");
      }
      given = new Given(List.of(postfix(primary())), Map.of());
    }
    Expression test = new Test(input, name, given, line);
    return negated ? new Not(test) : test;
  }

  private boolean testArgument() {
    Lexeme here = current();
    boolean begins =
        TEST_ARGUMENT.contains(here.kind()) || here.operator("[") || here.operator("{");
    return begins && !here.name("else") && !here.name("or") && !here.name("and");
  }
}
