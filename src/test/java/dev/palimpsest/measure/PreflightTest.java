package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.RealModel;
import dev.palimpsest.Reference;
import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Draw;
import dev.palimpsest.data.Encoder;
import dev.palimpsest.data.Example;
import dev.palimpsest.data.Finding;
import dev.palimpsest.data.Sample;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.run.Cancellation;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import dev.palimpsest.tune.Tuner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The model's part of a preflight, on random weights and on the default model. */
class PreflightTest {
  private static final Encoder.Options RAW =
      new Encoder.Options(Optional.empty(), Encoder.Form.RAW, 200, Encoder.Overlong.REFUSE);
  private static final List<Sample> FACTS =
      List.of(
          pair("a", "The capital of France is", " Paris"),
          pair("b", "The opposite of hot is", " cold"),
          pair("c", "One, two, three,", " four"),
          pair("d", "The sun rises in the", " east"));

  @TempDir private Path folder;
  private final Cancellation cancellation = new Cancellation();
  private final Tuner.Watch watch = new Tuner.Watch(Progress.none(), cancellation, () -> 0);

  private static Sample pair(String id, String prompt, String completion) {
    return new Sample.Pair(id, Optional.empty(), prompt, completion);
  }

  private static LanguageModel tiny() {
    return LanguageModel.load(Reference.checkpoint("llama"), Precision.FP32, Device.CPU);
  }

  private static LanguageModel real() {
    return LanguageModel.load(RealModel.gguf(), Precision.FP32, Device.CPU);
  }

  private static List<Draw.Row> rows(Encoder encoder, List<Sample> samples) {
    List<Draw.Row> rows = new ArrayList<>();
    for (Sample sample : samples) {
      rows.add(new Draw.Row("id " + sample.id(), sample, encoder.example(sample)));
    }
    return rows;
  }

  private static BaseScores.Found score(LanguageModel model, List<Draw.Row> rows) {
    return new BaseScores(model, rows, 200).score(Progress.none());
  }

  private static List<Draw.Row> everyIdMoved(LanguageModel model, List<Draw.Row> rows) {
    int vocabulary = Math.toIntExact(model.decoder().config().vocabulary());
    return rows.stream()
        .map(
            row -> {
              int[] ids =
                  Arrays.stream(row.example().ids()).map(id -> (id + 7919) % vocabulary).toArray();
              Example moved = new Example(row.example().id(), ids, row.example().label());
              return new Draw.Row(row.where(), row.sample(), moved);
            })
        .toList();
  }

  @Test
  void score_defaultModel_knowsPlainFactsAndNotThoseOfAnotherTokenizer() {
    try (Scope _ = Scope.open();
        LanguageModel model = real()) {
      List<Draw.Row> rows = rows(model.encoder(RAW), FACTS);

      InitialLoss right = score(model, rows).initialLoss();
      InitialLoss wrong = score(model, everyIdMoved(model, rows)).initialLoss();

      assertThat(right.uniform()).isCloseTo(Math.log(49152), within(1e-12));
      assertThat(right.natsPerToken()).isBetween(0.0, 4.0);
      assertThat(right.finding().severity()).isEqualTo(Finding.Severity.INFO);
      assertThat(wrong.natsPerToken()).isGreaterThanOrEqualTo(wrong.uniform());
      assertThat(wrong.finding().severity()).isEqualTo(Finding.Severity.ERROR);
      assertThat(wrong.finding().code()).isEqualTo("initial-loss");
    }
  }

  @Test
  void score_answerOfTheDefaultModel_isLikelierToEndWhereItEnds() {
    try (Scope _ = Scope.open();
        LanguageModel model = real()) {
      Encoder chat = model.encoder(Encoder.Options.upTo(200));
      String asked = "What is the capital of France?";

      double whole = stop(model, rows(chat, List.of(pair("a", asked, answer("Paris.")))));
      double half = stop(model, rows(chat, List.of(pair("a", asked, answer("")))));

      assertThat(whole).isBetween(0.5, 1.0);
      assertThat(half).isBetween(0.0, 0.01);
    }
  }

  private static String answer(String end) {
    return ("The capital of France is " + end).strip();
  }

  private static double stop(LanguageModel model, List<Draw.Row> rows) {
    return score(model, rows).endToken().orElseThrow().probability();
  }

  @Test
  void score_pairs_giveTheSoftmaxOfAllEndTokensBehindTheAnswer() {
    try (Scope _ = Scope.open();
        LanguageModel model = tiny()) {
      Example example = model.encoder(RAW).example(FACTS.getFirst());
      Draw.Row raw = new Draw.Row("a", FACTS.getFirst(), example);
      Draw.Row ended = new Draw.Row("a", FACTS.getFirst(), with(example, 2));
      double expected = softmax(model, example.ids(), 0) + softmax(model, example.ids(), 2);

      assertThat(model.checkpoint().endTokens()).containsExactlyInAnyOrder(0, 2);
      assertThat(stop(model, List.of(raw))).isCloseTo(expected, within(1e-6));
      assertThat(stop(model, List.of(ended))).isCloseTo(expected, within(1e-6));
      assertThat(score(model, List.of(ended)).initialLoss().labels())
          .isEqualTo(example.labels() + 1);
    }
  }

  private static Example with(Example example, int end) {
    int[] ids = Arrays.copyOf(example.ids(), example.length() + 1);
    boolean[] label = Arrays.copyOf(example.label(), example.length() + 1);
    ids[example.length()] = end;
    label[example.length()] = true;
    return new Example(example.id(), ids, label);
  }

  private static double softmax(LanguageModel model, int[] ids, int next) {
    return Native.withoutGradients(
        () -> {
          try (Scope _ = Scope.open()) {
            Tensor last = model.base().hidden(Ragged.of(ids)).narrow(0, ids.length - 1, 1);
            return Math.exp(Functional.logSoftmax(model.base().logits(last)).floats()[next]);
          }
        });
  }

  @Test
  void score_endNeverTrained_isAWarning() {
    try (Scope _ = Scope.open();
        LanguageModel model = tiny()) {
      EndToken raw = score(model, rows(model.encoder(RAW), FACTS)).endToken().orElseThrow();
      EndToken chat =
          score(model, rows(model.encoder(Encoder.Options.upTo(200)), FACTS))
              .endToken()
              .orElseThrow();

      assertThat(raw.trained()).isZero();
      assertThat(raw.finding().severity()).isEqualTo(Finding.Severity.WARNING);
      assertThat(chat.trained()).isEqualTo(4);
      assertThat(chat.finding().severity()).isEqualTo(Finding.Severity.INFO);
    }
  }

  @Test
  void score_textsAndCutAnswers_haveNoEnd() {
    try (Scope _ = Scope.open();
        LanguageModel model = tiny()) {
      Sample text = new Sample.Text("t", Optional.empty(), "Some words of a text");
      Encoder encoder = model.encoder(RAW);
      List<Draw.Row> pairs = rows(encoder, FACTS.subList(0, 1));
      int length = pairs.getFirst().example().length();

      assertThat(score(model, rows(encoder, List.of(text))).endToken()).isEmpty();
      assertThat(new BaseScores(model, pairs, length).score(Progress.none()).endToken()).isEmpty();
      assertThat(new BaseScores(model, pairs, length + 1).score(Progress.none()).endToken())
          .isPresent();
    }
  }

  @Test
  void learn_factsThenRowsThatContradict_fallsThenStaysAboveTheLimit() throws IOException {
    List<Sample> contradicting =
        List.of(
            pair("a", "The answer is", " red"),
            pair("b", "The answer is", " seven"),
            pair("c", "The answer is", " Paris"),
            pair("d", "The answer is", " water"));
    try (Scope _ = Scope.open();
        LanguageModel model = real()) {
      OneBatch learned = learn(model, rows(model.encoder(RAW), FACTS)).orElseThrow();
      OneBatch failed = learn(model, rows(model.encoder(RAW), contradicting)).orElseThrow();

      assertThat(learned.after().orElseThrow()).isLessThan(learned.limit());
      assertThat(learned.finding().severity()).isEqualTo(Finding.Severity.INFO);
      assertThat(failed.after().orElseThrow()).isGreaterThan(Math.log(4) * 0.95);
      assertThat(failed.finding().severity()).isEqualTo(Finding.Severity.WARNING);
      assertThat(failed.finding().where()).isEqualTo("id a; id b; id c; id d");
    }
    assertThat(folder).isEmptyDirectory();
  }

  private Optional<OneBatch> learn(LanguageModel model, List<Draw.Row> rows) {
    return OneBatch.learn(model, rows, 5, folder, watch);
  }

  @Test
  void learn_twice_givesTheSameNumbersAndTakesTheShortestRows() {
    List<Sample> samples = new ArrayList<>(FACTS);
    samples.add(0, pair("long", "word ".repeat(20), "w".repeat(150)));
    try (Scope _ = Scope.open();
        LanguageModel model = tiny()) {
      Encoder encoder = model.encoder(Encoder.Options.upTo(256));
      OneBatch first = learn(model, rows(encoder, samples)).orElseThrow();

      assertThat(learn(model, rows(encoder, samples))).contains(first);
      assertThat(first.rows()).containsExactlyInAnyOrder("id a", "id b", "id c", "id d");
      assertThat(first.after().orElseThrow()).isLessThan(first.before());
      OneBatch alone = learn(model, rows(encoder, samples.subList(0, 1))).orElseThrow();
      assertThat(alone.before()).isPositive(); // it is longer than what is learned of a row
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void learn_stopped_leavesNothing() {
    cancellation.request();
    try (Scope _ = Scope.open();
        LanguageModel model = tiny()) {
      assertThat(learn(model, rows(model.encoder(RAW), FACTS))).isEmpty();
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void finding_lossThatRisesOrIsNotFinite_isAnError() {
    for (OptionalDouble after : List.of(OptionalDouble.empty(), OptionalDouble.of(2.1))) {
      assertThat(new OneBatch(List.of("line 1"), 20, 2e-3, 8, 2, after, 0.2).finding().severity())
          .isEqualTo(Finding.Severity.ERROR);
    }
  }

  @Test
  void run_randomWeights_isNotOkAndSaysWhy() throws IOException {
    Path data = folder.resolve("data.jsonl");
    Files.writeString(
        data, "{\"prompt\":\"a\",\"completion\":\"b\"}\n{\"prompt\":\"c\",\"completion\":\"d\"}\n");
    Path scratch = Files.createDirectory(folder.resolve("scratch"));
    try (Scope _ = Scope.open();
        LanguageModel model = tiny()) {
      Preflight.Report report =
          new Preflight(DataSpec.of(data), Optional.empty(), 1, 3).run(model, scratch, watch);
      Preflight.Report quick =
          new Preflight(DataSpec.of(data), Optional.empty(), 0, 3).run(model, scratch, watch);

      assertThat(report.ok()).isFalse();
      assertThat(report.findings())
          .filteredOn(finding -> finding.severity() == Finding.Severity.ERROR)
          .extracting(Finding::code)
          .containsExactly("initial-loss");
      assertThat(report.initialLoss().orElseThrow().rows()).isEqualTo(1);
      JsonNode json = Json.parse(Json.write(report), "report");
      assertThat(json.get("initial_loss").propertyNames())
          .containsExactly("rows", "labels", "nats_per_token", "uniform");
      assertThat(json.get("end_token").get("trained").asInt()).isEqualTo(1);
      assertThat(json.get("one_batch").get("steps").asInt()).isEqualTo(20);
      assertThat(quick.ok()).isTrue();
      assertThat(quick.initialLoss()).isEmpty();
      assertThat(quick.oneBatch()).isEmpty();
      assertThat(quick.findings()).extracting(Finding::code).containsOnly("labels", "lengths");
      cancellation.request();
      assertThat(
              new Preflight(DataSpec.of(data), Optional.empty(), 1, 3)
                  .run(model, scratch, watch)
                  .findings())
          .extracting(Finding::code)
          .containsOnly("labels", "lengths", "stopped");
    }
    assertThat(scratch).isEmptyDirectory();
  }
}
