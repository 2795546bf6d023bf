package dev.palimpsest.tokenizer;

import dev.palimpsest.tokenizer.Values.Tuple;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Variables of a template's block; what is not set here is looked for outside. */
final class Scope {
  /** Steps of one rendering: far more than the longest conversation takes. */
  private static final long MOST = 20_000_000;

  private final Map<String, Object> variables = new HashMap<>();
  private final @Nullable Scope outer;
  private final AtomicLong left;

  Scope(@Nullable Scope outer) {
    this.outer = outer;
    this.left = outer == null ? new AtomicLong(MOST) : outer.left;
  }

  /** Counts work, so that a template that loops for ever comes to an end. */
  void spend(long steps) {
    if (left.addAndGet(-steps) < 0) {
      throw TemplateException.raised("the chat template takes more than " + MOST + " steps");
    }
  }

  /** The same for all that a value holds, as often as it holds it. */
  void spendOn(Object value) {
    spend(1 + Values.steps(value));
    switch (value) {
      case List<?> list -> list.forEach(this::spendOn);
      case Tuple tuple -> tuple.items().forEach(this::spendOn);
      case Map<?, ?> map -> map.values().forEach(this::spendOn);
      default -> {}
    }
  }

  @Nullable Object find(String name) {
    for (Scope scope = this; scope != null; scope = scope.outer) {
      Object value = scope.variables.get(name);
      if (value != null) {
        return value;
      }
    }
    return null;
  }

  void set(String name, Object value) {
    variables.put(name, value);
  }
}
