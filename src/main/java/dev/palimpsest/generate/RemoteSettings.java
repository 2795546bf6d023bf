package dev.palimpsest.generate;

import dev.palimpsest.run.BadInput;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How endpoints are talked to.
 *
 * @param key sent as a bearer token; never written anywhere
 * @param timeout of one request
 * @param tries of one request in all
 * @param pause before the second try; doubled before each further one
 * @param parallel requests under way at a time
 */
public record RemoteSettings(
    Optional<String> key, Duration timeout, int tries, Duration pause, int parallel) {
  /** The environment's variable that holds the key; nothing else does. */
  public static final String KEY = "PALIMPSEST_API_KEY";

  /** Checks the ranges. */
  public RemoteSettings {
    if (tries < 1 || parallel < 1) {
      throw new IllegalArgumentException(tries + " tries, " + parallel + " in parallel: need 1");
    }
  }

  /**
   * The usual ones, with the environment's key.
   *
   * @throws BadInput if that is no key
   */
  public static RemoteSettings of(Map<String, String> environment) {
    Optional<String> key =
        Optional.ofNullable(environment.get(KEY)).map(String::strip).filter(k -> !k.isEmpty());
    if (key.filter(text -> !text.matches("[!-~]+")).isPresent()) {
      throw new BadInput(
          KEY + ": not a key: it holds spaces or other than plain letters and signs");
    }
    return new RemoteSettings(key, Duration.ofMinutes(5), 5, Duration.ofSeconds(1), 4);
  }

  /** Without the key. */
  @Override
  public String toString() {
    return "RemoteSettings[timeout=%s, tries=%d, parallel=%d]".formatted(timeout, tries, parallel);
  }
}
