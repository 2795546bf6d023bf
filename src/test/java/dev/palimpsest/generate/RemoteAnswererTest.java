package dev.palimpsest.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.tokenizer.Message;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RemoteAnswererTest {
  private static final String KEY = "sk-secret";
  private static final Decoding GREEDY = Decoding.greedy(16);

  private static RemoteAnswerer answerer(FakeEndpoint endpoint, Optional<String> key) {
    return new RemoteAnswerer(
        endpoint.endpoint(),
        new RemoteSettings(key, Duration.ofSeconds(20), 3, Duration.ofMillis(1), 4),
        Replies.none());
  }

  private static String last(FakeEndpoint.Request request) {
    return request.body().get("messages").get(0).get("content").asString();
  }

  @Test
  void drawnAnswers_areAskedEachTime() throws IOException {
    Map<String, String> kept = new HashMap<>();
    Replies replies =
        new Replies() {
          @Override
          public Optional<String> find(String request) {
            return Optional.ofNullable(kept.get(request));
          }

          @Override
          public void keep(String request, String reply) {
            kept.put(request, reply);
          }
        };
    try (FakeEndpoint endpoint = new FakeEndpoint(_ -> FakeEndpoint.chat("yes", "length"));
        RemoteAnswerer answerer =
            new RemoteAnswerer(endpoint.endpoint(), RemoteSettings.of(Map.of()), replies)) {
      List<Prompt> prompts = List.of(Prompt.Chat.of("Q"));
      answerer.answer(prompts, Decoding.sample(16, 1));
      assertThat(kept).isEmpty();
      answerer.answer(prompts, GREEDY);
      assertThat(answerer.answer(prompts, GREEDY).getFirst().finish())
          .isEqualTo(FinishReason.LENGTH);
      assertThat(endpoint.requests).hasSize(2);
      answerer.unremembering().answer(prompts, GREEDY);
      answerer.answer(prompts, Decoding.greedy(8));
      assertThat(endpoint.requests).hasSize(4);
    }
  }

  @Test
  void conversations_areSentWholeAndAnsweredInOrder() throws IOException {
    try (FakeEndpoint endpoint = new FakeEndpoint(r -> FakeEndpoint.chat("to " + last(r), "stop"));
        RemoteAnswerer answerer = answerer(endpoint, Optional.of(KEY))) {
      List<Prompt> prompts =
          IntStream.range(0, 20).<Prompt>mapToObj(i -> Prompt.Chat.of("Q" + i)).toList();
      assertThat(answerer.answer(prompts, GREEDY).stream().map(Answer::text))
          .containsExactlyElementsOf(IntStream.range(0, 20).mapToObj(i -> "to Q" + i).toList());
      FakeEndpoint.Request first = endpoint.requests.getFirst();
      assertThat(first.path()).isEqualTo("/v1/chat/completions");
      assertThat(first.authorization()).isEqualTo("Bearer " + KEY);
      assertThat(first.body().get("model").asString()).isEqualTo("tiny");
      assertThat(first.body().get("max_tokens").asInt()).isEqualTo(16);
      assertThat(first.body().get("temperature").asDouble()).isZero();
      assertThat(first.body().get("messages").get(0).get("role").asString()).isEqualTo("user");
    }
  }

  @Test
  void rawPrompts_goToCompletionsWithWhatDrawsThem() throws IOException {
    try (FakeEndpoint endpoint =
            new FakeEndpoint(
                r -> "{\"choices\": [{\"text\": \" x\", \"finish_reason\": \"length\"}]}");
        RemoteAnswerer answerer = answerer(endpoint, Optional.empty())) {
      Decoding drawn = new Decoding(8, 0.5, 10, 0.9, 3, List.of("\n"));
      Answer answer = answerer.answer(List.of(new Prompt.Raw("P")), drawn).getFirst();
      assertThat(answer.text()).isEqualTo(" x");
      assertThat(answer.finish()).isEqualTo(FinishReason.LENGTH);
      FakeEndpoint.Request sent = endpoint.requests.getFirst();
      assertThat(sent.path()).isEqualTo("/v1/completions");
      assertThat(sent.authorization()).isEqualTo("null");
      assertThat(sent.body().toString())
          .isEqualTo(
              "{\"model\":\"tiny\",\"max_tokens\":8,\"temperature\":0.5,\"top_p\":0.9,\"seed\":3,"
                  + "\"top_k\":10,\"stop\":[\"\\n\"],\"prompt\":\"P\"}");
    }
  }

  @Test
  void ids_areWordsAndSignsThatSpellTheAnswer() throws IOException {
    String text = "SELECT * FROM a; SELECT * FROM a;\n";
    try (FakeEndpoint endpoint = new FakeEndpoint(r -> FakeEndpoint.chat(text, "stop"));
        RemoteAnswerer answerer = answerer(endpoint, Optional.empty())) {
      Answer answer = answerer.answer(List.of(Prompt.Chat.of("Q")), GREEDY).getFirst();
      assertThat(answerer.text(answer.ids())).isEqualTo(text);
      assertThat(answer.ids()[1]).isEqualTo(answer.ids()[6]);
    }
  }

  @Test
  void failuresThatPass_areTriedAgainAndOthersAreNot() throws IOException {
    try (FakeEndpoint endpoint = new FakeEndpoint(r -> FakeEndpoint.chat("ok", "stop"));
        RemoteAnswerer answerer = answerer(endpoint, Optional.of(KEY))) {
      List<Prompt> one = List.of(Prompt.Chat.of("Q"));
      endpoint.failures.add(new FakeEndpoint.Failure(429, "{\"error\": {\"message\": \"slow\"}}"));
      endpoint.failures.add(new FakeEndpoint.Failure(503, "busy"));
      assertThat(answerer.answer(one, GREEDY).getFirst().text()).isEqualTo("ok");
      assertThat(endpoint.requests).hasSize(3);
      for (int i = 0; i < 3; i++) {
        endpoint.failures.add(new FakeEndpoint.Failure(500, "{\"error\": \"down\"}"));
      }
      assertThatThrownBy(() -> answerer.answer(one, GREEDY))
          .isInstanceOf(EnvironmentFailure.class)
          .hasMessageEndingWith("#tiny: no answer after 3 tries: status 500: down");
      endpoint.failures.add(
          new FakeEndpoint.Failure(401, "{\"error\": {\"message\": \"bad key " + KEY + "\"}}"));
      assertThatThrownBy(() -> answerer.answer(one, GREEDY))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("status 401: bad key …; the key in PALIMPSEST_API_KEY")
          .hasMessageNotContaining(KEY);
      assertThat(endpoint.requests).hasSize(7);
    }
  }

  @Test
  void nobodyThereOrNoJson_isTheEnvironmentsFault() throws IOException {
    FakeEndpoint gone = new FakeEndpoint(r -> "");
    gone.close();
    List<Prompt> one = List.of(Prompt.Chat.of("Q"));
    try (RemoteAnswerer answerer = answerer(gone, Optional.empty())) {
      assertThatThrownBy(() -> answerer.answer(one, GREEDY))
          .isInstanceOf(EnvironmentFailure.class)
          .hasMessageEndingWith(
              "no answer after 3 tries: it cannot be reached; is it running, and the address"
                  + " right?");
    }
    try (FakeEndpoint endpoint = new FakeEndpoint(r -> "<html>");
        RemoteAnswerer answerer = answerer(endpoint, Optional.empty())) {
      assertThatThrownBy(() -> answerer.answer(one, GREEDY))
          .isInstanceOf(EnvironmentFailure.class)
          .hasMessageContaining("other than JSON");
    }
  }

  @Test
  void likelihood_sumsOverTheTokensThatEndPastThePrompt() throws IOException {
    String echoed =
        """
        {"choices": [{"text": "ab cd!", "logprobs": {
          "tokens": ["<s>", "ab", " c", "d", "!"],
          "token_logprobs": [null, -1.0, -2.0, -0.5, -9.0],
          "top_logprobs": [null, {"ab": -1.0}, {"x": -0.1, " c": -2.0}, {"d": -0.5}, {"!": -9.0}]}}]}
        """;
    try (FakeEndpoint endpoint = new FakeEndpoint(r -> echoed);
        RemoteAnswerer answerer = answerer(endpoint, Optional.empty())) {
      Likelihood part = likelihood(answerer, "ab", " cd");
      assertThat(part.logprob()).isCloseTo(-2.5, within(1e-12));
      assertThat(part.tokens()).isEqualTo(2);
      assertThat(part.bytes()).isEqualTo(3);
      assertThat(part.greedy()).isFalse();
      assertThat(likelihood(answerer, "ab c", "d").greedy()).isTrue();
      // a token that reaches over the border belongs to the completion
      assertThat(likelihood(answerer, "ab ", "cd").tokens()).isEqualTo(2);
      assertThat(likelihood(answerer, "", "ab cd").logprob()).isCloseTo(-3.5, within(1e-12));
      assertThat(endpoint.requests.getFirst().body().get("echo").asBoolean()).isTrue();
      assertThatThrownBy(() -> likelihood(answerer, "other", " text"))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("its tokens do not spell the text");
    }
  }

  private static Likelihood likelihood(RemoteAnswerer answerer, String prompt, String completion) {
    return answerer
        .logLikelihoods(List.of(new Continuation(new Prompt.Raw(prompt), completion)))
        .getFirst();
  }

  @Test
  void likelihood_thatTheEndpointCannotGive_isRefused() throws IOException {
    try (FakeEndpoint endpoint = new FakeEndpoint(r -> "{\"choices\": [{\"text\": \"x\"}]}");
        RemoteAnswerer answerer = answerer(endpoint, Optional.empty())) {
      Prompt chat = new Prompt.Chat(List.of(new Message("user", "Q")));
      assertThatThrownBy(() -> answerer.logLikelihoods(List.of(new Continuation(chat, "A"))))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("gives no log-probability of an answer in a conversation");
      assertThat(endpoint.requests).isEmpty();
      assertThatThrownBy(() -> likelihood(answerer, "P", "A"))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("gives no log-probability of a given text");
    }
  }

  @Test
  void settings_neverShowTheKey() {
    RemoteSettings settings = RemoteSettings.of(Map.of(RemoteSettings.KEY, KEY + "\n"));
    assertThat(settings.key()).contains(KEY);
    assertThat(settings.toString()).doesNotContain(KEY);
    assertThatThrownBy(() -> RemoteSettings.of(Map.of(RemoteSettings.KEY, KEY + "\nX: y")))
        .isInstanceOf(BadInput.class)
        .hasMessageNotContaining(KEY);
    assertThat(RemoteSettings.of(Map.of()).key()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://host/v1",
        "http://host/v1#",
        "http://u:p@host/v1#m",
        "http://u:p@host/v1",
        "http:///v1#m"
      })
  void endpoint_withoutAModelOrWithAPassword_isRefused(String text) {
    assertThatThrownBy(() -> Endpoint.parse(text))
        .isInstanceOf(BadInput.class)
        .hasMessageNotContaining("u:p");
  }

  @Test
  void endpoint_isReadFromAWebAddressAlone() {
    assertThat(Endpoint.parse("smollm2")).isEmpty();
    assertThat(Endpoint.parse("https://host:1/v1/#org/m").orElseThrow())
        .hasToString("https://host:1/v1#org/m");
  }
}
