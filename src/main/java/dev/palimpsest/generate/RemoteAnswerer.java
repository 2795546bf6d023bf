package dev.palimpsest.generate;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A model behind an OpenAI-compatible API as a system under test: {@code /chat/completions} for
 * conversations, {@code /completions} for raw prompts. Likelihoods are those of {@code
 * /completions} with {@code echo} and {@code logprobs}, which vLLM has and OpenAI's own API has
 * not; of conversations there are none, since the template is the server's.
 *
 * <p>An answer's ids are words and signs, for the server's tokens are not told.
 *
 * <p>What a request was answered is kept under the request itself: address, model, sampling and
 * messages. Failures are not, and neither are draws, which are to differ each time.
 */
public final class RemoteAnswerer implements Answerer, AutoCloseable {
  /** What is under way when another request fails gets so much longer. */
  private static final Duration LAST = Duration.ofSeconds(10);

  private final Endpoint endpoint;
  private final RemoteClient client;
  private final Semaphore free;
  private final Replies replies;
  private final Pieces pieces;

  /** A chat's or a completion's text, and whether the longest answer cut it. */
  private record Reply(String text, boolean cut) {}

  /** One that has not talked to the endpoint yet. */
  public RemoteAnswerer(Endpoint endpoint, RemoteSettings settings, Replies replies) {
    this(
        endpoint,
        new RemoteClient(endpoint, settings),
        new Semaphore(settings.parallel()),
        replies,
        new Pieces());
  }

  private RemoteAnswerer(
      Endpoint endpoint, RemoteClient client, Semaphore free, Replies replies, Pieces pieces) {
    this.endpoint = endpoint;
    this.client = client;
    this.free = free;
    this.replies = replies;
    this.pieces = pieces;
  }

  /** The same endpoint, asked each time; closed with this one. */
  public RemoteAnswerer unremembering() {
    return new RemoteAnswerer(endpoint, client, free, Replies.none(), pieces);
  }

  /** The text of an answer's ids. */
  public String text(int[] ids) {
    return pieces.text(ids);
  }

  /** Words and signs of a prompt. */
  public int length(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Raw raw -> pieces.ids(raw.text()).length;
      case Prompt.Chat chat ->
          chat.messages().stream().mapToInt(m -> pieces.ids(m.content()).length).sum();
    };
  }

  @Override
  public List<Answer> answer(List<Prompt> prompts, Decoding decoding) {
    return each(prompts, prompt -> answer(prompt, decoding));
  }

  private Answer answer(Prompt prompt, Decoding decoding) {
    ObjectNode body = body(decoding);
    String path = "/completions";
    switch (prompt) {
      case Prompt.Raw raw -> body.put("prompt", raw.text());
      case Prompt.Chat chat -> {
        path = "/chat" + path;
        ArrayNode messages = body.putArray("messages");
        chat.messages()
            .forEach(m -> messages.addObject().put("role", m.role()).put("content", m.content()));
      }
    }
    String asked = path;
    Supplier<Reply> ask = () -> reply(choice(client.post(asked, body)));
    Reply reply =
        decoding.temperature() > 0
            ? ask.get()
            : replies.recall(request(asked, body), Reply.class, ask);
    return new Answer(
        reply.text, pieces.ids(reply.text), reply.cut ? FinishReason.LENGTH : FinishReason.STOP);
  }

  private Reply reply(JsonNode choice) {
    JsonNode text =
        choice.has("message") ? choice.path("message").path("content") : choice.path("text");
    if (!text.isString() && !text.isNull()) {
      throw new EnvironmentFailure(endpoint + ": its answer holds no text");
    }
    boolean cut = choice.path("finish_reason").asString("").equals("length");
    return new Reply(text.isNull() ? "" : text.asString(), cut);
  }

  /** All that a reply depends on. */
  private String request(String path, ObjectNode body) {
    return endpoint.base() + path + " " + body;
  }

  private ObjectNode body(Decoding decoding) {
    ObjectNode body = Json.mapper().createObjectNode().put("model", endpoint.model());
    body.put("max_tokens", decoding.maxTokens()).put("temperature", decoding.temperature());
    if (decoding.temperature() > 0) {
      body.put("top_p", decoding.topP()).put("seed", decoding.seed());
      if (decoding.topK() > 0) {
        body.put("top_k", decoding.topK());
      }
    }
    if (!decoding.stop().isEmpty()) {
      decoding.stop().forEach(body.putArray("stop")::add);
    }
    return body;
  }

  private JsonNode choice(JsonNode document) {
    JsonNode choice = document.path("choices").path(0);
    if (!choice.isObject()) {
      throw new EnvironmentFailure(endpoint + ": its answer has no choices");
    }
    return choice;
  }

  @Override
  public List<Likelihood> logLikelihoods(List<Continuation> continuations) {
    return each(continuations, this::likelihood);
  }

  private Likelihood likelihood(Continuation continuation) {
    if (!(continuation.prompt() instanceof Prompt.Raw raw)) {
      throw cannot("of an answer in a conversation", "the template is the server's own");
    }
    String text = raw.text() + continuation.completion();
    ObjectNode body = Json.mapper().createObjectNode().put("model", endpoint.model());
    body.put("prompt", text).put("max_tokens", 1).put("temperature", 0);
    body.put("echo", true).put("logprobs", 1);
    return replies.recall(
        request("/completions", body),
        Likelihood.class,
        () ->
            summed(
                choice(client.post("/completions", body)).path("logprobs"),
                text,
                raw.text().length()));
  }

  /** Sums over the tokens that end past the prompt; what a text begins with is never scored. */
  private Likelihood summed(JsonNode logprobs, String text, int prompt) {
    JsonNode tokens = logprobs.path("tokens");
    JsonNode values = logprobs.path("token_logprobs");
    StringBuilder spelled = new StringBuilder();
    tokens.forEach(token -> spelled.append(token.asString("")));
    int begin = spelled.indexOf(text); // behind a token that begins every text
    if (begin < 0 || values.size() != tokens.size()) {
      throw cannot("of a given text", "its tokens do not spell the text that was sent");
    }
    double sum = 0;
    int scored = 0;
    int bytes = 0;
    boolean greedy = true;
    int end = -begin;
    for (int i = 0; i < tokens.size() && end < text.length(); i++) {
      String token = tokens.get(i).asString("");
      end += token.length();
      if (end <= prompt || (i == 0 && values.get(0).isNull())) {
        continue;
      }
      if (!values.get(i).isNumber()) {
        throw cannot("of a given text", "token " + i + " has none");
      }
      double logprob = values.get(i).asDouble();
      sum += logprob;
      scored++;
      bytes += token.getBytes(StandardCharsets.UTF_8).length;
      for (JsonNode top : logprobs.path("top_logprobs").path(i)) {
        greedy &= top.asDouble() <= logprob + 1e-9;
      }
    }
    return new Likelihood(sum, scored, bytes, greedy);
  }

  private BadInput cannot(String what, String why) {
    return new BadInput(
        endpoint
            + ": gives no log-probability "
            + what
            + " ("
            + why
            + "): probes with choices or text need it; use --raw where the endpoint has echo and"
            + " logprobs, grade answers by a metric, or measure a model on this machine");
  }

  /**
   * Asks for all, so many at a time; after the first failure none is begun, and what is under way
   * may still end, since it is paid for and kept.
   */
  private <T, R> List<R> each(List<T> all, Function<T, R> ask) {
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    AtomicReference<@Nullable RuntimeException> failed = new AtomicReference<>();
    try {
      List<Future<R>> asked = new ArrayList<>(all.size());
      for (T one : all) {
        asked.add(threads.submit(() -> begun(one, ask, failed)));
      }
      List<R> answers = new ArrayList<>(all.size());
      for (Future<R> one : asked) {
        answers.add(one.get());
      }
      return answers;
    } catch (ExecutionException e) {
      await(threads);
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new EnvironmentFailure(endpoint + ": " + e.getCause(), e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    } finally {
      threads.shutdownNow();
      threads.close();
    }
  }

  private <T, R> R begun(
      T one, Function<T, R> ask, AtomicReference<@Nullable RuntimeException> failed)
      throws InterruptedException {
    free.acquire();
    try {
      RuntimeException other = failed.get();
      if (other != null) {
        throw other;
      }
      return ask.apply(one);
    } catch (RuntimeException e) {
      failed.compareAndSet(null, e);
      throw e;
    } finally {
      free.release();
    }
  }

  private void await(ExecutorService threads) {
    threads.shutdown();
    try {
      threads.awaitTermination(LAST.toMillis(), TimeUnit.MILLISECONDS);
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
    client.close();
  }
}
