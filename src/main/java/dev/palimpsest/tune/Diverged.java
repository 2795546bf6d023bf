package dev.palimpsest.tune;

/** Training has left the finite numbers: the message names the step and its examples. */
public final class Diverged extends RuntimeException {
  Diverged(String message) {
    super(message);
  }
}
