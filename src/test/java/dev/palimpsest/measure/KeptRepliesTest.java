package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.generate.Endpoint;
import dev.palimpsest.generate.FakeEndpoint;
import dev.palimpsest.generate.RemoteSettings;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Progress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Two sides and their judge behind an endpoint that counts what it is asked. */
class KeptRepliesTest {
  private static final String KEY = "sk-never-to-be-written";
  private static final int ITEMS = 5;

  @TempDir private Path folder;
  private FakeEndpoint endpoint;
  private final AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);
  private boolean anew;

  @BeforeEach
  void start() throws IOException {
    endpoint = new FakeEndpoint(this::reply);
  }

  @AfterEach
  void stop() {
    endpoint.close();
  }

  /** Hangs up once it has answered so often. */
  private String reply(FakeEndpoint.Request request) {
    if (left.getAndDecrement() <= 0) {
      left.set(0);
      throw new IllegalStateException("hangs up");
    }
    boolean judges = request.body().get("model").asString().endsWith("judge");
    return FakeEndpoint.chat(judges ? "same" : "Fine.", "stop");
  }

  private Probe probe(String rubric, String question) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < ITEMS; i++) {
      lines.append(
          """
          {"prompt": "%s %d", "completion": "Well.", "metric": {"name": "judge", "rubric": "%s", \
          "labelled": [{"answer": "Hm %d", "right": true}]}}
          """
              .formatted(question, i, rubric, i));
    }
    Path file = Files.writeString(folder.resolve("manners.jsonl"), lines);
    return new ProbeReader().read(file, ProbeKind.RETENTION);
  }

  private Path store() {
    return folder.resolve("store.sqlite");
  }

  private RemoteSubject remote(Endpoint at, ObservationStore store) {
    RemoteSettings settings =
        new RemoteSettings(Optional.of(KEY), Duration.ofSeconds(20), 1, Duration.ZERO, 2);
    Optional<AskingRound> latest = anew ? Optional.empty() : AskingRound.latest(store, at);
    AskingRound round = latest.orElseGet(() -> AskingRound.next(store, at, Instant.EPOCH));
    return RemoteSubject.of(at, settings, round, store);
  }

  private JsonNode measure(Probe probe, String before) {
    Sides sides =
        new Sides(Side.parse(endpoint.name() + before), Side.parse(endpoint.name() + "-after"));
    LedgerJob.Models models =
        new LedgerJob.Models(
            name -> {
              throw new AssertionError(name);
            },
            TunedModel::with,
            this::remote,
            Optional.of(Side.parse(endpoint.name() + "-judge")));
    LedgerJob job = new LedgerJob(List.of(probe), 16, 0, 8, 0);
    return LedgerJson.of(job.measure(sides, models, store(), Progress.none()));
  }

  /** Requests since the last call, by what of the model's name is not common to all. */
  private long asked(String model) {
    return endpoint.requests.stream()
        .filter(each -> each.body().get("model").asString().equals("tiny" + model))
        .count();
  }

  @Test
  void measure_theSameAgain_asksNothingAndTellsTheSame() throws IOException {
    JsonNode first = measure(probe("Kind.", "How are you?"), "-before");
    assertThat(asked("-before")).isEqualTo(ITEMS);
    assertThat(asked("-after")).isEqualTo(ITEMS);
    // labelled answers and one answer to each item, which both sides gave; each in both orders
    assertThat(asked("-judge")).isEqualTo(2 * 2 * ITEMS);
    endpoint.requests.clear();

    JsonNode second = measure(probe("Kind.", "How are you?"), "-before");

    assertThat(endpoint.requests).isEmpty();
    assertThat(second).isEqualTo(first);
    assertThat(first.at("/judged/0/compared").asInt()).isEqualTo(3 * ITEMS);
    assertThat(first.at("/judged/0/labelled").asInt()).isEqualTo(ITEMS);
  }

  @Test
  void measure_somethingElse_asksWhatHangsOnIt() throws IOException {
    measure(probe("Kind.", "How are you?"), "-before");
    endpoint.requests.clear();

    measure(probe("Short.", "How are you?"), "-before");
    assertThat(asked("-judge")).as("another rubric").isEqualTo(2 * 2 * ITEMS);
    assertThat(endpoint.requests).hasSize(2 * 2 * ITEMS);
    endpoint.requests.clear();

    measure(probe("Kind.", "How are you?"), "-other");
    assertThat(asked("-other")).as("another model").isEqualTo(ITEMS);
    assertThat(endpoint.requests).hasSize(ITEMS);
    endpoint.requests.clear();

    measure(probe("Kind.", "And you?"), "-before");
    assertThat(asked("-before")).as("another prompt").isEqualTo(ITEMS);
    assertThat(asked("-after")).isEqualTo(ITEMS);
  }

  @Test
  void measure_failedHalfWay_goesOnWithWhatIsMissing() throws IOException {
    Probe probe = probe("Kind.", "How are you?");
    for (int each : new int[] {3, 9, 8}) {
      left.set(each);
      assertThatThrownBy(() -> measure(probe, "-before")).isInstanceOf(EnvironmentFailure.class);
    }
    left.set(Integer.MAX_VALUE);

    measure(probe, "-before");

    assertThat(Integer.MAX_VALUE - left.get() + 3 + 9 + 8)
        .as("answered, none twice")
        .isEqualTo(2 * ITEMS + 2 * 2 * ITEMS);
  }

  @Test
  void measure_inANewRound_asksAllAnewAndThenKeepsThat() throws IOException {
    Probe probe = probe("Kind.", "How are you?");
    measure(probe, "-before");
    int all = endpoint.requests.size();
    endpoint.requests.clear();
    anew = true;
    measure(probe, "-before");
    assertThat(endpoint.requests).hasSize(all);
    endpoint.requests.clear();
    anew = false;

    measure(probe, "-before");

    assertThat(endpoint.requests).isEmpty();
  }

  @Test
  void store_hasNoKey() throws IOException {
    measure(probe("Kind.", "How are you?"), "-before");

    assertThat(endpoint.requests.getFirst().authorization()).contains(KEY);
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        String bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        assertThat(bytes.contains(KEY)).as(file.toString()).isFalse();
      }
    }
  }
}
