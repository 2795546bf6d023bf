package dev.palimpsest.model;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.palimpsest.run.Sha256;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A hub with one repository, {@code org/tiny}. Files redirect to another host name, as the real
 * one's do, and may break off half-way once.
 */
final class FakeHub implements AutoCloseable {
  static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  private final HttpServer server;
  private final Map<String, byte[]> files = new LinkedHashMap<>();
  private final Map<String, String> wrongDigests = new LinkedHashMap<>();
  private final Map<String, CountDownLatch> breaks = new ConcurrentHashMap<>();
  final List<String> requests = new CopyOnWriteArrayList<>();
  volatile int status = 200;

  FakeHub() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  URI endpoint() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  FakeHub file(String name, String content) {
    files.put(name, content.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  /**
   * Ends the connection once half of the file has arrived: what is still under way is lost with it.
   *
   * @param arrived opened by whoever reads
   */
  void breakOnceHalfWay(String name, CountDownLatch arrived) {
    breaks.put(name, arrived);
  }

  void lieAbout(String name) {
    wrongDigests.put(name, "f".repeat(64));
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String range = exchange.getRequestHeaders().getFirst("Range");
    String secret = exchange.getRequestHeaders().getFirst("Authorization");
    requests.add(path + (range == null ? "" : " " + range) + (secret == null ? "" : " " + secret));
    if (status != 200) {
      send(exchange, status, new byte[0]);
    } else if (path.startsWith("/api/models/org/tiny/revision/")) {
      send(exchange, 200, listing().getBytes(StandardCharsets.UTF_8));
    } else if (path.startsWith("/org/tiny/resolve/" + COMMIT + "/")) {
      String name = path.substring(path.lastIndexOf('/') + 1);
      exchange
          .getResponseHeaders()
          .add("Location", "http://localhost:" + server.getAddress().getPort() + "/cdn/" + name);
      send(exchange, 302, new byte[0]);
    } else if (path.startsWith("/cdn/")) {
      content(exchange, path.substring("/cdn/".length()), range);
    } else {
      send(exchange, 404, new byte[0]);
    }
  }

  private void content(HttpExchange exchange, String name, String range) throws IOException {
    byte[] all = files.get(name);
    int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
    byte[] rest = Arrays.copyOfRange(all, from, all.length);
    CountDownLatch arrived = breaks.remove(name);
    if (arrived != null) {
      exchange.sendResponseHeaders(200, rest.length);
      exchange.getResponseBody().write(rest, 0, rest.length / 2);
      exchange.getResponseBody().flush();
      await(arrived);
      exchange.close();
      return;
    }
    send(exchange, range == null ? 200 : 206, rest);
  }

  private static void await(CountDownLatch arrived) {
    try {
      if (!arrived.await(10, TimeUnit.SECONDS)) {
        throw new IllegalStateException("half of the file never arrived");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void send(HttpExchange exchange, int code, byte[] body) throws IOException {
    exchange.sendResponseHeaders(code, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private String listing() {
    List<String> siblings = new ArrayList<>();
    files.forEach(
        (name, bytes) -> {
          String digest =
              name.endsWith(".safetensors")
                  ? "\"lfs\":{\"sha256\":\"%s\"}"
                      .formatted(wrongDigests.getOrDefault(name, Sha256.of(bytes)))
                  : "\"blobId\":\"%s\"".formatted(blob(bytes));
          siblings.add(
              "{\"rfilename\":\"%s\",\"size\":%d,%s}".formatted(name, bytes.length, digest));
        });
    return "{\"sha\":\"%s\",\"cardData\":{\"license\":\"mit\"},\"siblings\":[%s]}"
        .formatted(COMMIT, String.join(",", siblings));
  }

  private static String blob(byte[] bytes) {
    try {
      MessageDigest sum = MessageDigest.getInstance("SHA-1");
      sum.update(("blob " + bytes.length + "\0").getBytes(StandardCharsets.US_ASCII));
      return HexFormat.of().formatHex(sum.digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
