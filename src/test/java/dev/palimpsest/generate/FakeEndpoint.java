package dev.palimpsest.generate;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.palimpsest.run.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/**
 * An OpenAI-compatible endpoint inside of the test: it fails as told, then answers by a function.
 */
public final class FakeEndpoint implements AutoCloseable {
  /** What was sent. */
  public record Request(String path, String authorization, JsonNode body) {}

  /** An answer with a status other than 200. */
  public record Failure(int status, String body) {}

  private final HttpServer server;
  private final Function<Request, String> answers;
  public final List<Request> requests = new CopyOnWriteArrayList<>();
  public final Queue<Failure> failures = new ConcurrentLinkedQueue<>();

  public FakeEndpoint(Function<Request, String> answers) throws IOException {
    this.answers = answers;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::answer);
    server.start();
  }

  /** The name of its model. */
  public String name() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1#tiny";
  }

  public Endpoint endpoint() {
    return Endpoint.parse(name()).orElseThrow();
  }

  /** A chat's answer. */
  public static String chat(String text, String finish) {
    String content = Json.write(Json.mapper().createObjectNode().put("content", text));
    return "{\"choices\": [{\"message\": %s, \"finish_reason\": \"%s\"}]}"
        .formatted(content, finish);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String sent = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      Request request =
          new Request(
              exchange.getRequestURI().getPath(),
              String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")),
              Json.parse(sent, "request"));
      requests.add(request);
      Failure failure = failures.poll();
      byte[] body =
          (failure == null ? answers.apply(request) : failure.body())
              .getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(failure == null ? 200 : failure.status(), body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
