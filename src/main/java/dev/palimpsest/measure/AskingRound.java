package dev.palimpsest.measure;

import dev.palimpsest.generate.Endpoint;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A round of asking an endpoint: what it answered in the latest one stands for what it would answer
 * now, though another model may be behind the same name by then. A new round asks all anew; what
 * was answered before stays in the store, and is not found any more.
 *
 * @param number from 1
 * @param since when it began
 */
public record AskingRound(int number, String since) {
  /** The latest one, if the endpoint was ever asked. */
  public static Optional<AskingRound> latest(ObservationStore store, Endpoint endpoint) {
    Optional<AskingRound> latest = Optional.empty();
    for (int i = 1; ; i++) {
      String key = key(endpoint, i);
      String since = store.find(List.of(key)).get(key);
      if (since == null) {
        return latest;
      }
      latest = Optional.of(new AskingRound(i, since));
    }
  }

  /** Begins the next one. */
  public static AskingRound next(ObservationStore store, Endpoint endpoint, Instant now) {
    int number = latest(store, endpoint).map(AskingRound::number).orElse(0) + 1;
    store.append(Map.of(key(endpoint, number), now.toString()));
    return new AskingRound(number, now.toString());
  }

  private static String key(Endpoint endpoint, int number) {
    return "asked " + endpoint + ", round " + number;
  }
}
