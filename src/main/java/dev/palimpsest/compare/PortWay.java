package dev.palimpsest.compare;

import java.nio.file.Path;

/** A way to carry an adapter to another base. */
@FunctionalInterface
interface PortWay {
  /**
   * Leaves the carried adapter in {@code folder/adapter}; what an earlier call that was cut off
   * left there is gone on with.
   *
   * @throws dev.palimpsest.run.BadInput if the way does not lead to this base
   */
  void carry(PortTask task, Path folder);
}
