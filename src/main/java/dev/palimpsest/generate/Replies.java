package dev.palimpsest.generate;

import dev.palimpsest.run.Json;
import java.util.Optional;
import java.util.function.Supplier;

/** What was replied to requests before, so that none need be made twice. Many threads use it. */
public interface Replies {
  /**
   * What is known.
   *
   * @param request all that a reply depends on
   */
  Optional<String> find(String request);

  /** Keeps a reply. */
  void keep(String request, String reply);

  /** What is known, or is asked for now and kept. */
  default <R extends Record> R recall(String request, Class<R> type, Supplier<R> ask) {
    Optional<String> known = find(request);
    if (known.isPresent()) {
      return Json.mapper().readValue(known.get(), type);
    }
    R fresh = ask.get();
    keep(request, Json.write(fresh));
    return fresh;
  }

  /** Knows nothing, and keeps nothing. */
  static Replies none() {
    return new Replies() {
      @Override
      public Optional<String> find(String request) {
        return Optional.empty();
      }

      @Override
      public void keep(String request, String reply) {}
    };
  }
}
