package dev.palimpsest.measure;

import dev.palimpsest.generate.Endpoint;
import dev.palimpsest.generate.RemoteAnswerer;
import dev.palimpsest.generate.RemoteSettings;
import dev.palimpsest.generate.Replies;
import dev.palimpsest.run.Build;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A model behind an API as one side of a ledger, or as its judge.
 *
 * @param replies what it replied in this round
 */
public record RemoteSubject(
    Endpoint endpoint, RemoteAnswerer answerer, AskingRound round, Replies replies)
    implements AutoCloseable {
  /** One that has not talked to the endpoint yet. */
  public static RemoteSubject of(
      Endpoint endpoint, RemoteSettings settings, AskingRound round, ObservationStore store) {
    Replies replies = store.replies("round " + round.number());
    return new RemoteSubject(
        endpoint, new RemoteAnswerer(endpoint, settings, replies), round, replies);
  }

  /** This side of a ledger. */
  public Subject subject() {
    String engine = Build.fingerprint() + ", round " + round.number();
    SubjectKey key = new SubjectKey("endpoint " + endpoint, "", "remote", "remote", engine);
    return new Subject(key, () -> answerer, new Loops(Set.of(), answerer::text));
  }

  /**
   * What was measured of the endpoint in this round, or is now.
   *
   * @param about all that it depends on beside the endpoint
   */
  public <R extends Record> R measured(String about, Class<R> type, Supplier<R> measure) {
    return replies.recall(endpoint + " " + about, type, measure);
  }

  @Override
  public void close() {
    answerer.close();
  }
}
