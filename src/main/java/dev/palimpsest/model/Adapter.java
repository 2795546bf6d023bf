package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A LoRA adapter.
 *
 * @param factors by Hugging Face module name, such as {@code model.layers.0.self_attn.q_proj}
 */
public record Adapter(AdapterConfig config, Map<String, Factors> factors) {
  /** Copies the map and keeps its order. */
  public Adapter {
    factors = Collections.unmodifiableMap(new LinkedHashMap<>(factors));
  }

  /**
   * What PEFT and its kin can hold: where there is a start, the same change as a plain LoRA of
   * twice the rank, over the base as it is, in the scope that is open.
   */
  public Adapter whole() {
    if (factors.values().stream().allMatch(each -> each.start() == null)) {
      return this;
    }
    Map<String, Factors> whole = new LinkedHashMap<>(factors);
    whole.replaceAll((module, each) -> each.whole());
    return new Adapter(config.doubled(), whole);
  }

  /**
   * Refuses another base than the one the adapter was trained over. An adapter that records none is
   * taken: its names and shapes were checked when it was read.
   *
   * @throws BadInput if the adapter records another fingerprint
   */
  public void requireBase(String fingerprint, String where) {
    config
        .baseFingerprint()
        .filter(recorded -> !recorded.equals(fingerprint))
        .ifPresent(
            recorded -> {
              throw new BadInput(
                  where
                      + ": the adapter was trained over "
                      + config.baseName().orElse("another base")
                      + " with fingerprint "
                      + recorded
                      + ", this base has "
                      + fingerprint
                      + "; give that base, or --any-base to use this one all the same");
            });
  }
}
