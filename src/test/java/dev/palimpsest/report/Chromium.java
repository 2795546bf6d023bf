package dev.palimpsest.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.palimpsest.run.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * A browser without a window and without a network, steered by Chrome's DevTools protocol: pages at
 * the width of a phone, in the dark, on paper, without scripts, and by real keys.
 */
final class Chromium implements AutoCloseable {
  private static final long SECONDS = 120;

  private final Process process;
  private final WebSocket socket;
  private final HttpClient client = HttpClient.newHttpClient();
  private final LinkedBlockingQueue<String> messages = new LinkedBlockingQueue<>();
  private final List<String> complaints = new ArrayList<>();
  private final List<String> requests = new ArrayList<>();
  private final String session;
  private int last;

  private Chromium(Process process, URI address) {
    this.process = process;
    this.socket = client.newWebSocketBuilder().buildAsync(address, new Messages(messages)).join();
    String target =
        send("", "Target.createTarget", Map.of("url", "about:blank")).get("targetId").asString();
    this.session =
        send("", "Target.attachToTarget", Map.of("targetId", target, "flatten", true))
            .get("sessionId")
            .asString();
    for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
      call(domain + ".enable", Map.of());
    }
  }

  /** Skips the test where there is no browser, but not on the build server. */
  static Chromium start(Path folder) throws IOException, InterruptedException {
    Optional<Path> program =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
            .flatMap(
                place -> Stream.of("chromium", "chromium-browser").map(Path.of(place)::resolve))
            .filter(Files::isExecutable)
            .findFirst();
    boolean required = "true".equals(System.getenv("CI"));
    assumeTrue(program.isPresent() || required, "no chromium on the path");
    Path profile = folder.resolve("profile");
    Process process =
        new ProcessBuilder(
                program.orElse(Path.of("chromium")).toString(),
                "--headless=new",
                "--no-sandbox", // a container's root has no other way
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--host-resolver-rules=MAP * ~NOTFOUND",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectOutput(folder.resolve("browser.out").toFile())
            .redirectError(folder.resolve("browser.err").toFile())
            .start();
    Path port = profile.resolve("DevToolsActivePort");
    for (int i = 0; i < 10 * SECONDS && !written(port); i++) {
      assertThat(process.isAlive()).as("the browser runs").isTrue();
      Thread.sleep(100);
    }
    List<String> lines = Files.readAllLines(port);
    return new Chromium(process, URI.create("ws://127.0.0.1:" + lines.get(0) + lines.get(1)));
  }

  private static boolean written(Path port) throws IOException {
    return Files.exists(port) && Files.readAllLines(port).size() == 2;
  }

  /** Shows a page as wide as so many pixels; what was complained of before is forgotten. */
  Chromium show(Path page, int width) {
    complaints.clear();
    requests.clear();
    call(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", width < 600));
    call("Page.navigate", Map.of("url", page.toUri().toString()));
    await("document.readyState === 'complete' && location.href !== 'about:blank'");
    return this;
  }

  /** Whether pages may run their scripts, from the next one shown on. */
  void scripts(boolean run) {
    call("Emulation.setScriptExecutionDisabled", Map.of("value", !run));
  }

  /** Shows the page as on paper ({@code print}) or on a screen, light or dark. */
  void media(String kind, String scheme) {
    call(
        "Emulation.setEmulatedMedia",
        Map.of(
            "media",
            kind,
            "features",
            List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  /** What a program comes to in the page. */
  JsonNode evaluate(String program) {
    JsonNode answer =
        call(
            "Runtime.evaluate",
            Map.of("expression", program, "returnByValue", true, "awaitPromise", true));
    assertThat(answer.path("exceptionDetails").isMissingNode()).as(answer.toString()).isTrue();
    return answer.path("result").path("value");
  }

  /** Waits until a condition holds in the page. */
  void await(String condition) {
    for (int i = 0; i < 10 * SECONDS; i++) {
      if (evaluate("Boolean(" + condition + ")").asBoolean()) {
        return;
      }
      try {
        Thread.sleep(100);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    throw new AssertionError("waited in vain for " + condition);
  }

  /** Presses a key, such as {@code Tab}, {@code Enter} or {@code ArrowRight}. */
  void press(String key) {
    int code =
        switch (key) {
          case "Tab" -> 9;
          case "Enter" -> 13;
          case "Space" -> 32;
          case "ArrowLeft" -> 37;
          case "ArrowRight" -> 39;
          default -> throw new IllegalArgumentException(key);
        };
    String text = key.equals("Enter") ? "\r" : key.equals("Space") ? " " : "";
    for (String type : List.of("keyDown", "keyUp")) {
      call(
          "Input.dispatchKeyEvent",
          Map.of(
              "type", type,
              "key", key.equals("Space") ? " " : key,
              "code", key,
              "windowsVirtualKeyCode", code,
              "text", type.equals("keyDown") ? text : ""));
    }
  }

  /** Errors, warnings and refusals since the page was shown. */
  List<String> complaints() {
    return List.copyOf(complaints);
  }

  /** Addresses asked for beside the page itself. */
  List<String> requests() {
    return requests.stream().skip(1).toList();
  }

  /** A picture of the page from top to bottom, or of its first so many pixels. */
  Path picture(Path file, int most) throws IOException {
    int width = evaluate("innerWidth").asInt();
    int height = Math.min(most, evaluate("document.documentElement.scrollHeight").asInt());
    JsonNode shot =
        call(
            "Page.captureScreenshot",
            Map.of(
                "captureBeyondViewport",
                true,
                "clip",
                Map.of("x", 0, "y", 0, "width", width, "height", height, "scale", 1)));
    Files.createDirectories(file.toAbsolutePath().getParent());
    return Files.write(file, Base64.getDecoder().decode(shot.get("data").asString()));
  }

  /** The page on paper. */
  Path paper(Path file) throws IOException {
    media("print", "light");
    JsonNode pdf =
        call("Page.printToPDF", Map.of("printBackground", true, "preferCSSPageSize", true));
    Files.createDirectories(file.toAbsolutePath().getParent());
    return Files.write(file, Base64.getDecoder().decode(pdf.get("data").asString()));
  }

  private JsonNode call(String method, Map<String, Object> parameters) {
    return send(session, method, parameters);
  }

  private JsonNode send(String to, String method, Map<String, Object> parameters) {
    int id = ++last;
    Map<String, Object> message =
        to.isEmpty()
            ? Map.of("id", id, "method", method, "params", parameters)
            : Map.of("id", id, "method", method, "params", parameters, "sessionId", to);
    socket.sendText(Json.write(message), true).join();
    while (true) {
      JsonNode answer = next(method);
      if (answer.path("id").asInt(-1) == id) {
        assertThat(answer.path("error").isMissingNode()).as(method + ": " + answer).isTrue();
        return answer.get("result");
      }
      event(answer);
    }
  }

  private JsonNode next(String method) {
    try {
      String message = messages.poll(SECONDS, TimeUnit.SECONDS);
      assertThat(message).as("an answer to " + method).isNotNull();
      return Json.parse(message, "the browser");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void event(JsonNode event) {
    JsonNode about = event.path("params");
    switch (event.path("method").asString("")) {
      case "Runtime.exceptionThrown" -> complaints.add(about.path("exceptionDetails").toString());
      case "Runtime.consoleAPICalled" -> complaints.add(about.path("args").toString());
      case "Log.entryAdded" -> complaints.add(about.path("entry").path("text").asString(""));
      case "Network.requestWillBeSent" ->
          requests.add(about.path("request").path("url").asString(""));
      default -> {}
    }
  }

  @Override
  public void close() {
    socket.abort();
    client.close();
    process.destroy();
    try {
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
    }
  }

  /** Puts parts of messages together. */
  private record Messages(LinkedBlockingQueue<String> whole, StringBuilder part)
      implements WebSocket.Listener {
    Messages(LinkedBlockingQueue<String> whole) {
      this(whole, new StringBuilder());
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean end) {
      part.append(data);
      if (end) {
        whole.add(part.toString());
        part.setLength(0);
      }
      socket.request(1);
      return null;
    }
  }
}
