package dev.palimpsest.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataCheckTest {
  private static final String LONG =
      "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen";

  private static final Draw NONE = new Draw(0, 0);

  @TempDir Path folder;
  private final FakeCodec codec = FakeCodec.chars();

  private Path file(String name, String... lines) throws IOException {
    return Files.writeString(folder.resolve(name), String.join("\n", lines) + "\n");
  }

  private static String pair(String prompt, String completion) {
    return Json.write(java.util.Map.of("prompt", prompt, "completion", completion));
  }

  private DataCheck.Report check(
      FakeTemplate template, Encoder.Options options, Path file, Optional<Path> heldOut) {
    int end = codec.encode("<|im_end|>").ids()[0];
    return new DataCheck(
            new Encoder(codec, Optional.of(template), options),
            Set.of(end),
            ReadOptions.plain(),
            Progress.none())
        .check(file, heldOut, NONE);
  }

  private DataCheck.Report check(Path file) {
    return check(FakeTemplate.CHATML, Encoder.Options.upTo(1000), file, Optional.empty());
  }

  private static List<String> told(DataCheck.Report report, String code) {
    return report.findings().stream()
        .filter(f -> f.code().equals(code))
        .map(f -> f.severity().word() + " | " + f.where() + " | " + f.message())
        .toList();
  }

  @Test
  void check_goodData_isOkAndShowsLabelsLengthsAndTheTemplatesPrompt() throws IOException {
    DataCheck.Report report = check(file("d.jsonl", pair("2+2?", "4"), pair("3+3?", "6")));

    assertThat(report.ok()).isTrue();
    assertThat(report.findings().stream().map(Finding::code))
        .containsExactly("template-system", "labels", "labels", "lengths");
    assertThat(told(report, "labels").get(0))
        .startsWith("info | line 1, id 1 | <|im_start|>system\nBe good.")
        .endsWith("<|im_start|>assistant\n⟦4<|im_end|>⟧");
    assertThat(told(report, "template-system").get(0)).contains("Be good.");
    assertThat(report.lengths().rows()).isEqualTo(2);
    assertThat(report.lengths().labels()).isEqualTo(4);
    assertThat(report.lengths().longest()).isEqualTo(report.lengths().shortest());
  }

  @Test
  void check_report_isPlainJson() throws IOException {
    String json = Json.write(check(file("d.jsonl", pair("2+2?", "4"))));

    assertThat(json)
        .startsWith(
            "{\"ok\":true,\"findings\":[{\"severity\":\"info\",\"code\":\"template-system\"")
        .contains("\"lengths\":{\"rows\":1,\"tokens\":");
  }

  @Test
  void check_badRows_areFindingsBesideTheGoodOnes() throws IOException {
    DataCheck.Report report =
        check(
            file(
                "d.jsonl",
                pair("a", "b"),
                "{\"prompt\":",
                "{\"prompt\":\"a\",\"completion\":\"b\",\"url\":1}",
                "{\"id\":\"1\",\"text\":\"again one\"}"));

    assertThat(report.ok()).isFalse();
    assertThat(told(report, "schema"))
        .hasSize(3)
        .anyMatch(m -> m.startsWith("error | d.jsonl, line 2 | not JSON"))
        .contains(
            "error | d.jsonl, line 3 | field 'url' is unknown: list it in --extra or remove it",
            "error | d.jsonl, line 4 | id '1' is already that of line 1");
    assertThat(report.lengths().rows()).isEqualTo(2);
  }

  @Test
  void check_noGoodRow_isAnError() throws IOException {
    DataCheck.Report report = check(file("d.jsonl", "{\"question\":\"a\",\"answer\":\"b\"}"));

    assertThat(report.ok()).isFalse();
    assertThat(told(report, "schema").get(0)).contains("--map prompt=question,completion=answer");
    assertThat(told(report, "empty")).hasSize(1);
  }

  @Test
  void check_longRows_areRefusedOrCounted() throws IOException {
    Path file = file("d.jsonl", pair("a", "x".repeat(200)), pair("b", "y"));

    DataCheck.Report refused =
        check(FakeTemplate.CHATML, Encoder.Options.upTo(150), file, Optional.empty());
    assertThat(refused.ok()).isFalse();
    assertThat(told(refused, "too-long").get(0)).startsWith("error | line 1, id 1 | 2");
    DataCheck.Report cut =
        check(
            FakeTemplate.CHATML,
            new Encoder.Options(
                Optional.empty(), Encoder.Form.TEMPLATE, 150, Encoder.Overlong.TRUNCATE),
            file,
            Optional.empty());
    assertThat(cut.ok()).isTrue();
    assertThat(told(cut, "cut")).hasSize(1);
    assertThat(cut.lengths().over()).isEqualTo(1);
    assertThat(cut.lengths().cutTokens()).isEqualTo(cut.lengths().longest() - 150);
    assertThat(cut.lengths().cutLabels()).isEqualTo(cut.lengths().cutTokens());
  }

  @Test
  void check_repeatedRows_areTold() throws IOException {
    DataCheck.Report report =
        check(
            file(
                "d.jsonl",
                pair("How far?", "Ten miles"),
                pair("How far?", "Ten miles"),
                pair("how far", "ten miles!"),
                pair("How far?", "Two miles")));

    assertThat(told(report, "duplicate"))
        .containsExactly("warning | line 2, id 2 | the same as line 1");
    assertThat(told(report, "near-duplicate"))
        .containsExactly(
            "warning | line 3, id 3 | the same as line 1 but for case and punctuation");
    assertThat(told(report, "conflicting-answers"))
        .containsExactly("warning | line 4, id 4 | the prompt of line 1 with another answer");
    assertThat(report.ok()).isTrue();
  }

  @Test
  void check_heldOutRowsInTraining_areLeaks() throws IOException {
    Path train =
        file(
            "t.jsonl",
            pair("What is A?", "It is B."),
            pair("say", LONG),
            pair("tell " + LONG, "q"));
    Path heldOut =
        file(
            "h.jsonl",
            pair("what is a", "it is b"),
            pair("What is A??", "Another"),
            pair("unrelated", "nothing " + LONG),
            pair("clean", "and new"),
            pair("far " + "away ".repeat(40), "thirteen" + LONG.substring(3)));

    DataCheck.Report report =
        check(FakeTemplate.CHATML, Encoder.Options.upTo(1000), train, Optional.of(heldOut));

    assertThat(report.ok()).isFalse();
    assertThat(told(report, "leak"))
        .containsExactly(
            "error | h.jsonl, line 1, id 1 | held-out row is trained on: line 1 of the training"
                + " data",
            "error | h.jsonl, line 2, id 2 | held-out prompt is trained on: line 1 of the training"
                + " data");
    assertThat(told(report, "leak-overlap"))
        .containsExactly(
            "warning | h.jsonl, line 3, id 3 | 60 % of its runs of 13 words stand in the training"
                + " data (first in line 2)");
    assertThat(told(report, "shared-wording")).hasSize(1);
  }

  @Test
  void check_answersWithoutAnEnd_areTold() throws IOException {
    Path file = file("d.jsonl", pair("a ", "b"));

    assertThat(told(check(file), "end-not-trained")).isEmpty();
    DataCheck.Report other =
        check(FakeTemplate.LLAMA, Encoder.Options.upTo(1000), file, Optional.empty());
    assertThat(told(other, "end-not-trained").get(0)).startsWith("warning |  | 1 of 1 rows");
    DataCheck.Report open =
        check(FakeTemplate.OPEN, Encoder.Options.upTo(1000), file, Optional.empty());
    assertThat(told(open, "no-end-of-turn")).hasSize(1);
  }

  @Test
  void check_oddAnswers_areTold() throws IOException {
    DataCheck.Report report =
        check(
            file(
                "d.jsonl",
                pair("a", ""),
                pair("b", "x<|im_end|>"),
                "{\"messages\":[{\"role\":\"user\",\"content\":\"c\"},"
                    + "{\"role\":\"assistant\",\"content\":\"d\",\"train\":false}]}",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"c\"},"
                    + "{\"role\":\"assistant\",\"content\":\"e\"},"
                    + "{\"role\":\"user\",\"content\":\"thanks\"}]}"));

    assertThat(told(report, "empty-completion")).hasSize(1);
    assertThat(told(report, "control-token-in-text").get(0)).contains("line 2");
    assertThat(told(report, "no-labels").get(0)).startsWith("error | line 3, id 3");
    assertThat(told(report, "unanswered").get(0)).startsWith("warning | line 4, id 4");
  }

  @Test
  void check_templateThatRewrites_isAnErrorOfTheRow() throws IOException {
    Path file =
        file(
            "d.jsonl",
            "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
                + "{\"role\":\"assistant\",\"content\":\"b\"},"
                + "{\"role\":\"user\",\"content\":\"c\"},"
                + "{\"role\":\"assistant\",\"content\":\"d\"}]}");

    assertThat(
            told(
                    check(
                        FakeTemplate.THINKING, Encoder.Options.upTo(1000), file, Optional.empty()),
                    "template")
                .get(0))
        .contains("rewrites turn 1");
  }

  @Test
  void check_tokenAcrossPromptAndAnswer_isTold() throws IOException {
    FakeCodec wide = new FakeCodec(6, 3, "", "");
    Encoder raw =
        new Encoder(
            wide,
            Optional.empty(),
            new Encoder.Options(Optional.empty(), Encoder.Form.RAW, 1000, Encoder.Overlong.REFUSE));
    String[] rows = new String[40];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = pair("prompt " + "x".repeat(i), "answer" + i);
    }
    Path file = file("d.jsonl", rows);

    DataCheck.Report report =
        new DataCheck(raw, Set.of(), ReadOptions.plain(), Progress.none())
            .check(file, Optional.empty(), NONE);

    assertThat(told(report, "boundary")).hasSize(6).last().asString().contains("more rows");
  }

  @Test
  void check_rows_areReportedOnTheWayAndThoseFitToTrainOnDrawn() throws IOException {
    Path file =
        file("d.jsonl", pair("a", "b"), pair("b", "x".repeat(200)), pair("c", ""), pair("d", "e"));
    List<Progress.Point> points = new ArrayList<>();
    Encoder encoder =
        new Encoder(codec, Optional.of(FakeTemplate.CHATML), Encoder.Options.upTo(150));
    Draw draw = new Draw(10, 0);

    new DataCheck(encoder, Set.of(), ReadOptions.plain(), points::add)
        .check(file, Optional.empty(), draw);

    assertThat(points).extracting(Progress.Point::done).containsExactly(1L, 2L, 3L, 4L);
    assertThat(points).allMatch(p -> p.task().equals("tokenising") && p.total() == 4);
    assertThat(draw.rows())
        .extracting(Draw.Row::where)
        .contains("line 1, id 1", "line 4, id 4")
        .doesNotContain("line 2, id 2");
  }
}
