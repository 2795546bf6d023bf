package dev.palimpsest.tokenizer;

import dev.palimpsest.tokenizer.Values.Arguments;
import dev.palimpsest.tokenizer.Values.Function;
import dev.palimpsest.tokenizer.Values.Namespace;
import java.time.Clock;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Functions that every chat template may call. */
final class Globals {
  private static final int LONGEST_RANGE = 100_000;

  private Globals() {}

  static Scope scope(Optional<Clock> clock) {
    Scope scope = new Scope(null);
    set(scope, "range", Globals::range);
    set(scope, "dict", Globals::dict);
    set(scope, "namespace", arguments -> new Namespace(members(dict(arguments))));
    set(
        scope,
        "raise_exception",
        arguments -> {
          throw TemplateException.raised(PythonText.str(arguments.require(0, "message")));
        });
    for (String name : List.of("cycler", "joiner", "lipsum")) {
      set(
          scope,
          name,
          arguments -> {
            throw TemplateException.unsupported(arguments.line(), "function '" + name + "'");
          });
    }
    clock.ifPresent(c -> set(scope, "strftime_now", arguments -> strftime(c, arguments)));
    return scope;
  }

  private static void set(Scope scope, String name, Function function) {
    scope.set(name, function);
  }

  private static List<Object> range(Arguments arguments) {
    int count = arguments.positional().size();
    long first = Values.integer(arguments.require(0, "start"));
    long start = count > 1 ? first : 0;
    long stop = count > 1 ? Values.integer(arguments.require(1, "stop")) : first;
    long step = count > 2 ? Values.integer(arguments.require(2, "step")) : 1;
    if (step == 0) {
      throw TemplateException.raised("range() arg 3 must not be zero");
    }
    List<Object> items = new ArrayList<>();
    for (long i = start; step > 0 ? i < stop : i > stop; i += step) {
      items.add(i);
      if (items.size() > LONGEST_RANGE) {
        throw TemplateException.raised(
            "Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).");
      }
    }
    return items;
  }

  private static Map<Object, Object> dict(Arguments arguments) {
    Map<Object, Object> map = new LinkedHashMap<>();
    for (Object source : arguments.positional()) {
      if (source instanceof Map<?, ?> other) {
        map.putAll(other);
        continue;
      }
      for (Object entry : Values.iterate(source)) {
        List<Object> pair = Values.iterate(entry);
        if (pair.size() != 2) {
          throw TemplateException.raised("dict() takes pairs, not " + pair.size() + " items");
        }
        map.put(pair.getFirst(), pair.getLast());
      }
    }
    map.putAll(arguments.named());
    return map;
  }

  private static Map<String, Object> members(Map<Object, Object> map) {
    Map<String, Object> members = new LinkedHashMap<>();
    map.forEach((key, value) -> members.put(PythonText.str(key), value));
    return members;
  }

  private static String strftime(Clock clock, Arguments arguments) {
    String format = PythonText.str(arguments.require(0, "format"));
    ZonedDateTime now = ZonedDateTime.now(clock);
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        out.append(c);
        continue;
      }
      char directive = format.charAt(++i);
      int known = "dmYyHMSBbAaIpjZz".indexOf(directive);
      if (directive == '%') {
        out.append('%');
      } else if (known >= 0) {
        String[] patterns = {
          "dd", "MM", "yyyy", "yy", "HH", "mm", "ss", "MMMM", "MMM", "EEEE", "EEE", "hh", "a",
          "DDD", "", ""
        };
        out.append(
            patterns[known].isEmpty()
                ? ""
                : DateTimeFormatter.ofPattern(patterns[known], Locale.ENGLISH).format(now));
      } else {
        throw TemplateException.unsupported(arguments.line(), "strftime's %" + directive);
      }
    }
    return out.toString();
  }
}
