package dev.palimpsest.measure;

import dev.palimpsest.generate.Endpoint;
import dev.palimpsest.generate.RemoteAnswerer;
import dev.palimpsest.generate.RemoteSettings;
import dev.palimpsest.run.Build;
import java.util.Set;

/**
 * A model behind an API as one side of a ledger.
 *
 * @param session told apart from all others: what an endpoint answers is never taken from an
 *     earlier measurement, since another model may stand behind the same name by now
 */
public record RemoteSubject(Endpoint endpoint, RemoteAnswerer answerer, String session)
    implements AutoCloseable {
  /** One that has not talked to the endpoint yet. */
  public RemoteSubject(Endpoint endpoint, RemoteSettings settings, String session) {
    this(endpoint, new RemoteAnswerer(endpoint, settings), session);
  }

  /** This side of a ledger. */
  public Subject subject() {
    SubjectKey key =
        new SubjectKey(
            "endpoint " + endpoint, "", "remote", "remote", Build.fingerprint() + ", " + session);
    return new Subject(key, () -> answerer, new Loops(Set.of(), answerer::text));
  }

  @Override
  public void close() {
    answerer.close();
  }
}
