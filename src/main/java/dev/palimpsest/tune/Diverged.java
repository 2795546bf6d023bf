package dev.palimpsest.tune;

/**
 * Training has left the finite numbers, or its loss has exploded: the message names the step, its
 * samples and the checkpoint to go on from.
 */
public final class Diverged extends RuntimeException {
  Diverged(String message) {
    super(message);
  }
}
