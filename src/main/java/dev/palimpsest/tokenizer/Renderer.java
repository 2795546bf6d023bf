package dev.palimpsest.tokenizer;

import dev.palimpsest.tokenizer.Statement.For;
import dev.palimpsest.tokenizer.Statement.Macro;
import dev.palimpsest.tokenizer.Statement.Parameter;
import dev.palimpsest.tokenizer.Statement.Target;
import dev.palimpsest.tokenizer.Values.Arguments;
import dev.palimpsest.tokenizer.Values.Namespace;
import dev.palimpsest.tokenizer.Values.Tuple;
import dev.palimpsest.tokenizer.Values.Undefined;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Carries out the statements of a template. */
final class Renderer {
  /** How a body was left. */
  private enum Flow {
    ON,
    BREAK,
    CONTINUE
  }

  /** A round makes two scopes and the loop's own variables. */
  private static final int PER_ROUND = 10;

  private final StringBuilder out = new StringBuilder();

  private Renderer() {}

  static String render(List<Statement> body, Scope scope) {
    Renderer renderer = new Renderer();
    renderer.body(body, scope);
    return renderer.out.toString();
  }

  private Flow body(List<Statement> body, Scope scope) {
    for (Statement statement : body) {
      Flow flow = statement(statement, scope);
      if (flow != Flow.ON) {
        return flow;
      }
    }
    return Flow.ON;
  }

  private Flow statement(Statement statement, Scope scope) {
    scope.spend(1);
    return switch (statement) {
      case Statement.Text text -> {
        scope.spend(Values.steps(text.text()));
        out.append(text.text());
        yield Flow.ON;
      }
      case Statement.Output output -> {
        String text = PythonText.str(Evaluator.value(output.value(), scope));
        scope.spend(Values.steps(text));
        out.append(text);
        yield Flow.ON;
      }
      case Statement.If branch ->
          Values.truth(Evaluator.value(branch.test(), scope))
              ? body(branch.then(), scope)
              : body(branch.otherwise(), scope);
      case For loop -> loop(loop, scope);
      case Statement.Set set -> {
        assign(set.target(), Evaluator.value(set.value(), scope), scope);
        yield Flow.ON;
      }
      case Statement.SetBlock set -> {
        Object text = render(set.body(), new Scope(scope));
        Object value = set.filter() == null ? text : Evaluator.filter(set.filter(), text, scope);
        assign(set.target(), value, scope);
        yield Flow.ON;
      }
      case Macro macro -> {
        Values.Function function = arguments -> call(macro, arguments, scope);
        scope.set(macro.name(), function);
        yield Flow.ON;
      }
      case Statement.FilterBlock block -> {
        String text = render(block.body(), new Scope(scope));
        out.append(PythonText.str(Evaluator.filter(block.filter(), text, scope)));
        yield Flow.ON;
      }
      case Statement.With with -> {
        Scope inner = new Scope(scope);
        for (int i = 0; i < with.targets().size(); i++) {
          assign(with.targets().get(i), Evaluator.value(with.values().get(i), scope), inner);
        }
        yield body(with.body(), inner);
      }
      case Statement.Generation generation -> body(generation.body(), new Scope(scope));
      case Statement.Break b -> Flow.BREAK;
      case Statement.Continue c -> Flow.CONTINUE;
    };
  }

  private Flow loop(For loop, Scope scope) {
    List<Object> items = new ArrayList<>();
    for (Object item : Values.iterate(Evaluator.value(loop.items(), scope))) {
      scope.spend(PER_ROUND);
      Scope inner = new Scope(scope);
      assign(loop.target(), item, inner);
      if (loop.filter() == null || Values.truth(Evaluator.value(loop.filter(), inner))) {
        items.add(item);
      }
    }
    for (int i = 0; i < items.size(); i++) {
      Scope inner = new Scope(scope);
      inner.set("loop", Loop.at(i, items));
      assign(loop.target(), items.get(i), inner);
      if (body(loop.body(), inner) == Flow.BREAK) {
        break;
      }
    }
    return items.isEmpty() ? body(loop.otherwise(), new Scope(scope)) : Flow.ON;
  }

  private static void assign(Target target, Object value, Scope scope) {
    switch (target) {
      case Statement.Variable variable -> scope.set(variable.name(), value);
      case Statement.Member member -> {
        if (!(scope.find(member.namespace()) instanceof Namespace namespace)) {
          throw TemplateException.raised("cannot assign attribute on non-namespace object");
        }
        namespace.members().put(member.name(), value);
      }
      case Statement.Several several -> {
        List<Object> parts = Values.iterate(value);
        int wanted = several.targets().size();
        if (parts.size() != wanted) {
          throw TemplateException.raised(
              parts.size() > wanted
                  ? "too many values to unpack (expected " + wanted + ")"
                  : "not enough values to unpack (expected "
                      + wanted
                      + ", got "
                      + parts.size()
                      + ")");
        }
        for (int i = 0; i < wanted; i++) {
          assign(several.targets().get(i), parts.get(i), scope);
        }
      }
    }
  }

  private static String call(Macro macro, Arguments given, Scope defined) {
    Scope inner = new Scope(defined);
    List<Parameter> parameters = macro.parameters();
    Map<String, Object> named = new LinkedHashMap<>(given.named());
    List<Object> positional = given.positional();
    for (int i = 0; i < parameters.size(); i++) {
      Parameter parameter = parameters.get(i);
      Object byName = named.remove(parameter.name());
      Object value;
      if (i < positional.size()) {
        value = positional.get(i);
      } else if (byName != null) {
        value = byName;
      } else if (parameter.standard() != null) {
        value = Evaluator.value(parameter.standard(), inner);
      } else {
        value = new Undefined("parameter '" + parameter.name() + "' was not provided");
      }
      inner.set(parameter.name(), value);
    }
    int extra = Math.min(parameters.size(), positional.size());
    inner.set("varargs", new Tuple(positional.subList(extra, positional.size())));
    inner.set("kwargs", named);
    return render(macro.body(), inner);
  }
}
