package dev.palimpsest.generate;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Json;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Posts JSON to an endpoint, again and again where that may help. */
final class RemoteClient implements AutoCloseable {
  private static final Set<Integer> PASSING = Set.of(408, 425, 429, 500, 502, 503, 504);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);
  private static final int SHOWN = 300;

  private final Endpoint endpoint;
  private final RemoteSettings settings;
  private final HttpClient http;

  RemoteClient(Endpoint endpoint, RemoteSettings settings) {
    this.endpoint = endpoint;
    this.settings = settings;
    // plain HTTP/1.1: some servers stumble over the offer to change to 2
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(settings.timeout())
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
  }

  /**
   * The answer's document.
   *
   * @throws BadInput if the endpoint refuses the request
   * @throws EnvironmentFailure if it cannot be reached, or goes on failing
   */
  JsonNode post(String path, ObjectNode body) {
    HttpRequest request = request(path, body);
    String last = "";
    for (int t = 0; t < settings.tries(); t++) {
      Duration pause = settings.pause().multipliedBy(1L << Math.min(t, 20));
      try {
        HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() == 200) {
          return document(answer.body());
        }
        last = "status " + answer.statusCode() + said(answer.body());
        if (!PASSING.contains(answer.statusCode())) {
          throw refused(answer.statusCode(), last);
        }
        pause = asked(answer).orElse(pause);
      } catch (ConnectException e) { // has mostly no message
        last = "it cannot be reached; is it running, and the address right?";
      } catch (IOException e) {
        last = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      } catch (InterruptedException e) {
        throw interrupted(e);
      }
      if (t + 1 < settings.tries()) {
        sleep(pause);
      }
    }
    throw new EnvironmentFailure(
        endpoint + ": no answer after " + settings.tries() + " tries: " + last);
  }

  private HttpRequest request(String path, ObjectNode body) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(URI.create(endpoint.base() + path))
            .timeout(settings.timeout())
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(Json.write(body)));
    settings.key().ifPresent(key -> builder.header("Authorization", "Bearer " + key));
    return builder.build();
  }

  private JsonNode document(String body) {
    try {
      return Json.mapper().readTree(body);
    } catch (JacksonException e) {
      throw new EnvironmentFailure(endpoint + ": answered with something other than JSON", e);
    }
  }

  private BadInput refused(int status, String last) {
    String todo =
        switch (status) {
          case 401, 403 ->
              settings.key().isPresent()
                  ? "; the key in " + RemoteSettings.KEY + " was not accepted"
                  : "; it wants a key: set " + RemoteSettings.KEY;
          case 404 -> "; is the address right (it mostly ends with /v1), and the model's name?";
          default -> "";
        };
    return new BadInput(endpoint + ": " + last + todo);
  }

  /** What the endpoint says of its failure, without the key that it may repeat. */
  private String said(String body) {
    String text = body;
    try {
      JsonNode node = Json.mapper().readTree(body);
      JsonNode error = node.path("error");
      text = error.path("message").asString(error.asString(node.path("message").asString(body)));
    } catch (JacksonException e) {
      text = body; // not JSON: as it is
    }
    String line = text.strip().replaceAll("\\s+", " ");
    String shown = line.length() > SHOWN ? line.substring(0, SHOWN) + "…" : line;
    String safe = settings.key().map(key -> shown.replace(key, "…")).orElse(shown);
    return safe.isEmpty() ? "" : ": " + safe;
  }

  private static Optional<Duration> asked(HttpResponse<String> answer) {
    return answer
        .headers()
        .firstValue("Retry-After")
        .filter(value -> value.matches("\\d{1,6}"))
        .map(value -> Duration.ofSeconds(Long.parseLong(value)))
        .map(wait -> wait.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : wait);
  }

  private void sleep(Duration pause) {
    try {
      Thread.sleep(pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private EnvironmentFailure interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new EnvironmentFailure(endpoint + ": interrupted", e);
  }

  @Override
  public void close() {
    http.shutdownNow();
    http.close();
  }
}
