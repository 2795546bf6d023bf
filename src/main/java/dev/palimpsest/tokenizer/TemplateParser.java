package dev.palimpsest.tokenizer;

import dev.palimpsest.tokenizer.Lexeme.Kind;
import dev.palimpsest.tokenizer.Statement.FilterBlock;
import dev.palimpsest.tokenizer.Statement.For;
import dev.palimpsest.tokenizer.Statement.If;
import dev.palimpsest.tokenizer.Statement.Macro;
import dev.palimpsest.tokenizer.Statement.Member;
import dev.palimpsest.tokenizer.Statement.Output;
import dev.palimpsest.tokenizer.Statement.Parameter;
import dev.palimpsest.tokenizer.Statement.SetBlock;
import dev.palimpsest.tokenizer.Statement.Several;
import dev.palimpsest.tokenizer.Statement.Target;
import dev.palimpsest.tokenizer.Statement.Text;
import dev.palimpsest.tokenizer.Statement.Variable;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parses the tags of a template. */
final class TemplateParser {
  private final ExpressionParser in;
  private int loops;

  private TemplateParser(String source) {
    in = new ExpressionParser(TemplateLexer.lex(source));
  }

  /**
   * The statements of a template.
   *
   * @throws TemplateException naming the line, and what is wrong or not supported there
   */
  static List<Statement> parse(String source) {
    return new TemplateParser(source).body(Set.of());
  }

  /** Statements up to a tag that ends them; that tag's name has then been read. */
  private List<Statement> body(Set<String> ends) {
    List<Statement> body = new ArrayList<>();
    int opened = in.current().line();
    while (true) {
      Lexeme lexeme = in.next();
      switch (lexeme.kind()) {
        case TEXT -> body.add(new Text(lexeme.text()));
        case OUTPUT_BEGIN -> {
          body.add(new Output(in.tuple(true)));
          in.expect(Kind.OUTPUT_END);
        }
        case TAG_BEGIN -> {
          Lexeme name = in.current();
          if (name.kind() == Kind.NAME && ends.contains(name.text())) {
            return body;
          }
          body.add(statement());
          in.expect(Kind.TAG_END);
        }
        default -> {
          if (ends.isEmpty()) {
            return body;
          }
          throw TemplateException.syntax(
              opened, "a tag is opened and not closed, expected one of " + sorted(ends));
        }
      }
    }
  }

  private static List<String> sorted(Set<String> names) {
    return names.stream().sorted().toList();
  }

  private Statement statement() {
    Lexeme tag = in.expect(Kind.NAME);
    return switch (tag.text()) {
      case "if" -> branches();
      case "for" -> loop(tag.line());
      case "set" -> assignment(tag.line());
      case "macro" -> macro(tag.line());
      case "filter" -> new FilterBlock(in.blockFilters(), enclosed("endfilter"));
      case "with" -> with(tag.line());
      case "generation" -> new Statement.Generation(enclosed("endgeneration"));
      case "break", "continue" -> {
        if (loops == 0) {
          throw TemplateException.syntax(tag.line(), "'" + tag.text() + "' outside a loop");
        }
        yield tag.text().equals("break") ? new Statement.Break() : new Statement.Continue();
      }
      default -> throw TemplateException.unsupported(tag.line(), "tag '" + tag.text() + "'");
    };
  }

  /** The body between the end of this tag and the tag that closes it. */
  private List<Statement> enclosed(String close) {
    in.expect(Kind.TAG_END);
    List<Statement> body = body(Set.of(close));
    in.next();
    return body;
  }

  private If branches() {
    Expression test = in.tuple(false);
    in.expect(Kind.TAG_END);
    List<Statement> then = body(Set.of("elif", "else", "endif"));
    String end = in.next().text();
    List<Statement> otherwise =
        switch (end) {
          case "elif" -> List.of(branches());
          case "else" -> enclosed("endif");
          default -> List.of();
        };
    return new If(test, then, otherwise);
  }

  private For loop(int line) {
    Target target = target();
    in.expectName("in");
    Expression items = in.tuple(false);
    Expression filter = in.skipName("if") ? in.expression() : null;
    if (in.skipName("recursive")) {
      throw TemplateException.unsupported(line, "a recursive loop");
    }
    in.expect(Kind.TAG_END);
    loops++;
    List<Statement> body = body(Set.of("else", "endfor"));
    loops--;
    List<Statement> otherwise = List.of();
    if (in.next().text().equals("else")) {
      otherwise = enclosed("endfor");
    }
    return new For(target, items, filter, body, otherwise, line);
  }

  private Statement assignment(int line) {
    Target target = target();
    if (in.skipOperator("=")) {
      return new Statement.Set(target, in.tuple(true), line);
    }
    Expression.Filter filter = in.skipOperator("|") ? in.blockFilters() : null;
    return new SetBlock(target, filter, enclosed("endset"), line);
  }

  private Target target() {
    Target first = singleTarget();
    if (!in.current().operator(",")) {
      return first;
    }
    List<Target> targets = new ArrayList<>(List.of(first));
    while (in.skipOperator(",") && !in.current().name("in") && !in.current().operator("=")) {
      targets.add(singleTarget());
    }
    return new Several(targets);
  }

  private Target singleTarget() {
    if (in.skipOperator("(")) {
      Target inner = target();
      in.expectOperator(")");
      return inner;
    }
    String name = in.expect(Kind.NAME).text();
    return in.skipOperator(".")
        ? new Member(name, in.expect(Kind.NAME).text())
        : new Variable(name);
  }

  private Macro macro(int line) {
    String name = in.expect(Kind.NAME).text();
    in.expectOperator("(");
    List<Parameter> parameters = new ArrayList<>();
    while (!in.skipOperator(")")) {
      String parameter = in.expect(Kind.NAME).text();
      parameters.add(new Parameter(parameter, in.skipOperator("=") ? in.expression() : null));
      if (!in.current().operator(")")) {
        in.expectOperator(",");
      }
    }
    int outer = loops;
    loops = 0;
    List<Statement> body = enclosed("endmacro");
    loops = outer;
    return new Macro(name, parameters, body, line);
  }

  private Statement with(int line) {
    List<Target> targets = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (in.current().kind() != Kind.TAG_END) {
      if (!targets.isEmpty()) {
        in.expectOperator(",");
      }
      targets.add(singleTarget());
      in.expectOperator("=");
      values.add(in.expression());
    }
    return new Statement.With(targets, values, enclosed("endwith"), line);
  }
}
