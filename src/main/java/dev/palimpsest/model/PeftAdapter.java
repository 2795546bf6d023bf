package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tensor.Device;
import java.util.Optional;

/** What a PEFT folder holds: something learned over a base that stays as it is. */
public sealed interface PeftAdapter permits Adapter, PromptAdapter {
  /** What the base was called, for people. */
  Optional<String> baseName();

  /** {@link Checkpoint#fingerprint} of the base, if we wrote the adapter. */
  Optional<String> baseFingerprint();

  /** This where it lies there already, else a copy on the device, in the caller's scope. */
  PeftAdapter on(Device device);

  /** The base with this, which lies on the base's device. */
  AdaptedDecoder over(Decoder decoder);

  /** Frees all that was learned. */
  void close();

  /**
   * Refuses another base than the one the adapter was trained over. An adapter that records none is
   * taken: its names and shapes were checked when it was read.
   *
   * @throws BadInput if the adapter records another fingerprint
   */
  default void requireBase(String fingerprint, String where) {
    baseFingerprint()
        .filter(recorded -> !recorded.equals(fingerprint))
        .ifPresent(
            recorded -> {
              throw new BadInput(
                  where
                      + ": the adapter was trained over "
                      + baseName().orElse("another base")
                      + " with fingerprint "
                      + recorded
                      + ", this base has "
                      + fingerprint
                      + "; give that base, or --any-base to use this one all the same");
            });
  }
}
