package dev.palimpsest.tune;

/** A term of the loss that hangs on what trains alone, not on examples: it holds it back. */
interface Regulariser {
  /** As the command line calls it, without dashes. */
  String name();

  /**
   * The term over parameters that have just begun, before a checkpoint is restored: what they begin
   * as is what it holds on to.
   */
  Term over(Trained fresh);

  /** A regulariser at work. */
  interface Term extends AutoCloseable {
    /** Adds the term's gradient to that of what trains; gives its value. */
    double backward();

    /** What is to be done once the optimiser has moved the parameters. */
    default void afterStep() {}

    @Override
    void close();
  }
}
