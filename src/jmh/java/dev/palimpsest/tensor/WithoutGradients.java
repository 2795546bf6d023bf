package dev.palimpsest.tensor;

/** What most benchmarks measure: operations whose tensors go as soon as they are done. */
final class WithoutGradients {
  private WithoutGradients() {}

  /** Runs work in a scope of its own. */
  static void run(Runnable work) {
    try (Scope _ = Scope.open()) {
      Native.withoutGradients(work);
    }
  }
}
