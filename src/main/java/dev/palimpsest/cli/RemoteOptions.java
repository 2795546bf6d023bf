package dev.palimpsest.cli;

import dev.palimpsest.generate.Endpoint;
import dev.palimpsest.generate.RemoteSettings;
import dev.palimpsest.measure.AskingRound;
import dev.palimpsest.measure.ObservationStore;
import dev.palimpsest.measure.RemoteSubject;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How models behind an API are asked. */
final class RemoteOptions {
  private final Map<Endpoint, AskingRound> rounds = new HashMap<>();

  @Option(
      names = "--ask-again",
      description = "asks endpoints anew, whatever they answered in earlier calls")
  private boolean anew;

  /** Says so where answers of earlier calls are taken. */
  RemoteSubject at(Endpoint endpoint, ObservationStore store) {
    AskingRound round = rounds.computeIfAbsent(endpoint, each -> round(each, store));
    return RemoteSubject.of(endpoint, RemoteSettings.of(System.getenv()), round, store);
  }

  private AskingRound round(Endpoint endpoint, ObservationStore store) {
    Optional<AskingRound> latest = AskingRound.latest(store, endpoint);
    if (latest.isEmpty() || anew) {
      return AskingRound.next(store, endpoint, Instant.now());
    }
    System.err.printf(
        "%s: what it answered since %s is taken from the store; --ask-again asks anew%n",
        endpoint, latest.get().since());
    return latest.get();
  }
}
