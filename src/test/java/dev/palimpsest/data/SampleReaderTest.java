package dev.palimpsest.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SampleReaderTest {
  @TempDir Path folder;

  private Path file(String name, String... lines) throws IOException {
    return Files.writeString(folder.resolve(name), String.join("\n", lines) + "\n");
  }

  private List<Sample> read(Path file, ReadOptions options) {
    List<Sample> samples = new ArrayList<>();
    try (Dataset data = SampleReader.read(file, options)) {
      for (int i = 0; i < data.size(); i++) {
        samples.add(data.sample(i));
      }
    }
    return samples;
  }

  private Sample one(String line) throws IOException {
    List<Sample> samples = read(file("one.jsonl", line), ReadOptions.plain());
    assertThat(samples).hasSize(1);
    return samples.get(0);
  }

  private void assertRefused(Path file, String message) {
    assertThatThrownBy(() -> SampleReader.read(file, ReadOptions.plain()))
        .isInstanceOf(BadInput.class)
        .hasMessage(file + message);
  }

  private static ReadOptions map(String text, String... extra) {
    return ReadOptions.parse(List.of(text), List.of(extra), ReadOptions.Purpose.ANSWERS);
  }

  private static Sample.Chat chat(String id, Turn... turns) {
    return new Sample.Chat(id, Optional.empty(), List.of(turns));
  }

  private static Sample.Pair pair(String id, String prompt, String completion) {
    return new Sample.Pair(id, Optional.empty(), prompt, completion);
  }

  @Test
  void read_threeShapes_withIdsAndSlices() throws IOException {
    Path file =
        file(
            "d.jsonl",
            "{\"prompt\":\"a\",\"completion\":\"b\",\"id\":\"x\",\"slice\":\"s\"}",
            "",
            "{\"text\":\"t \\u00e9\",\"id\":7}",
            "   ",
            "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},"
                + "{\"role\":\"assistant\",\"content\":\"r\"}]}");

    assertThat(read(file, ReadOptions.plain()))
        .containsExactly(
            new Sample.Pair("x", Optional.of("s"), "a", "b"),
            new Sample.Text("7", Optional.empty(), "t é"),
            chat("3", Turn.of("user", "q"), Turn.of("assistant", "r")));
    try (Dataset data = SampleReader.read(file, ReadOptions.plain())) {
      assertThat(data.where(2)).isEqualTo(file + ", line 5");
    }
  }

  @Test
  void read_trainAndWeight_choseWhatIsLearned() throws IOException {
    assertThat(
            one(
                "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},"
                    + "{\"role\":\"assistant\",\"content\":\"r\",\"weight\":0},"
                    + "{\"role\":\"assistant\",\"content\":\"s\",\"train\":false},"
                    + "{\"role\":\"assistant\",\"content\":\"t\",\"weight\":1}]}"))
        .isEqualTo(
            chat(
                "1",
                Turn.of("user", "q"),
                new Turn("assistant", "r", false),
                new Turn("assistant", "s", false),
                new Turn("assistant", "t", true)));
  }

  @Test
  void read_conversationalPair_trainsTheCompletionAlone() throws IOException {
    assertThat(
            one(
                "{\"prompt\":[{\"role\":\"user\",\"content\":\"q\"},"
                    + "{\"role\":\"assistant\",\"content\":\"r\"},"
                    + "{\"role\":\"user\",\"content\":\"s\"}],"
                    + "\"completion\":[{\"role\":\"assistant\",\"content\":\"t\"}]}"))
        .isEqualTo(
            chat(
                "1",
                Turn.of("user", "q"),
                new Turn("assistant", "r", false),
                Turn.of("user", "s"),
                Turn.of("assistant", "t")));
  }

  @Test
  void read_shareGptAndAlpaca_areKnown() throws IOException {
    assertThat(
            one(
                "{\"system\":\"y\",\"conversations\":[{\"from\":\"human\",\"value\":\"q\"},"
                    + "{\"from\":\"gpt\",\"value\":\"r\"}]}"))
        .isEqualTo(
            chat("1", Turn.of("system", "y"), Turn.of("user", "q"), Turn.of("assistant", "r")));
    assertThat(one("{\"instruction\":\"Add.\",\"input\":\"1 1\",\"output\":\"2\"}"))
        .isEqualTo(pair("1", "Add.\n1 1", "2"));
    assertThat(one("{\"instruction\":\"Hi\",\"input\":\"\",\"output\":\"Ho\"}"))
        .isEqualTo(pair("1", "Hi", "Ho"));
    assertThat(
            one(
                "{\"instruction\":\"c\",\"output\":\"d\",\"system\":\"s\","
                    + "\"history\":[[\"a\",\"b\"]]}"))
        .isEqualTo(
            chat(
                "1",
                Turn.of("system", "s"),
                Turn.of("user", "a"),
                Turn.of("assistant", "b"),
                Turn.of("user", "c"),
                Turn.of("assistant", "d")));
  }

  @Test
  void read_jsonArray_isReadRowByRow() throws IOException {
    Path file =
        file(
            "d.json",
            "[",
            "  {\"instruction\": \"é\", \"output\": \"[}\"},",
            "  {\"instruction\": \"c\",",
            "   \"output\": \"d\"}",
            "]");

    assertThat(read(file, ReadOptions.plain()))
        .containsExactly(pair("1", "é", "[}"), pair("2", "c", "d"));
    try (Dataset data = SampleReader.read(file, ReadOptions.plain())) {
      assertThat(data.where(1)).isEqualTo(file + ", line 3");
    }
  }

  @Test
  void read_jsonArrayCutOff_tellsTheLine() throws IOException {
    Path file = folder.resolve("d.json");
    Files.writeString(file, "[{\"text\":\"a\"},\n{\"text\":");

    assertThatThrownBy(() -> SampleReader.read(file, ReadOptions.plain()))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith(file + ": line 2: not JSON: Unexpected end-of-input");
  }

  @Test
  void read_byteOrderMarkAndCarriageReturns_arePassedOver() throws IOException {
    Path file = folder.resolve("d.jsonl");
    Files.writeString(file, "\uFEFF{\"text\":\"a\"}\r\n\r\n{\"text\":\"b\"}");

    assertThat(read(file, ReadOptions.plain()))
        .containsExactly(
            new Sample.Text("1", Optional.empty(), "a"),
            new Sample.Text("2", Optional.empty(), "b"));
  }

  @Test
  void read_map_renamesFields() throws IOException {
    Path file = file("d.jsonl", "{\"question\":\"a\",\"answer\":\"b\",\"url\":\"u\"}");

    assertThat(read(file, map("prompt=question,completion=answer", "url")))
        .containsExactly(pair("1", "a", "b"));
    assertThat(read(file, map("prompt=question,completion=answer,slice=kind", "url"))).hasSize(1);
    assertThatThrownBy(
            () -> SampleReader.read(file, map("prompt=question,completion=reply", "url")))
        .hasMessageContaining("field 'reply' (mapped to completion) is missing");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "question,answer|prompt=question,completion=answer",
        "input,output|prompt=input,completion=output",
        "instruction,response|prompt=instruction,completion=response",
        "source,target|prompt=source,completion=target",
        "prompt,response|completion=response",
        "Question,Answer,url|prompt=Question,completion=Answer",
        "body|text=body",
        "dialog|messages=dialog"
      })
  void read_otherNames_tellsTheMapping(String names, String mapping) throws IOException {
    List<String> fields = new ArrayList<>();
    for (String name : names.split(",")) {
      fields.add("\"" + name + "\":\"v\"");
    }
    Path file = file("d.jsonl", "{" + String.join(",", fields) + "}");

    assertRefused(
        file,
        ": line 1: fields "
            + names.replace(",", ", ")
            + ": a row has messages, or prompt and completion, or text (or ShareGPT's or Alpaca's"
            + " fields); give --map "
            + mapping);
  }

  @Test
  void read_unknownField_isRefusedByNameUnlessExtra() throws IOException {
    String row = "{\"prompt\":\"a\",\"completion\":\"b\",\"url\":\"u\"}";
    Path file = file("d.jsonl", row, row, row);

    assertRefused(
        file, ": line 1: field 'url' is unknown: list it in --extra or remove it (3 rows)");
    ReadOptions extra = ReadOptions.parse(List.of(), List.of("url"), ReadOptions.Purpose.ANSWERS);
    assertThat(read(file, extra)).hasSize(3);
    try (Dataset data = SampleReader.read(file, extra)) {
      assertThat(data.row(2).get("url").stringValue()).isEqualTo("u");
    }
  }

  @Test
  void read_manyFaults_areToldTogether() throws IOException {
    Path file =
        file(
            "d.jsonl",
            "{\"text\":\"fine\"}",
            "{\"text\":",
            "[1]",
            "{\"text\":5}",
            "{\"messages\":[{\"role\":\"human\",\"content\":\"a\"}]}",
            "{\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"name\":\"n\"}]}",
            "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
            "{\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"train\":true}]}",
            "{\"text\":\"a\",\"text\":\"b\"}",
            "{\"text\":\"\\ud800\"}");

    assertThatThrownBy(() -> SampleReader.read(file, ReadOptions.plain()))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith(file + ": line 2: not JSON at column ")
        .hasMessageContaining("; line 3: a row is a JSON object, not a list; ")
        .hasMessageContaining("; line 4: field 'text' is a text, not a number; ")
        .hasMessageContaining(
            "; line 5: messages[0]: role 'human' is not system, user, assistant or tool; ")
        .hasMessageContaining("; line 6: messages[0]: 'name' is unknown; ")
        .hasMessageContaining("; line 7: no assistant turn, so there is no answer; ")
        .hasMessageContaining(
            "; line 8: messages[0]: only an assistant's turn is trained, not a user's; ")
        .hasMessageContaining("; line 9: not JSON")
        .hasMessageContaining("; line 10: field 'text' holds half of a surrogate pair")
        .message()
        .doesNotContain("\n");
  }

  @Test
  void read_moreThanTwentyFaults_countsTheRest() throws IOException {
    String[] lines = new String[30];
    for (int i = 0; i < lines.length; i++) {
      lines[i] = "{\"text\":\"a\",\"field" + i + "\":1}";
    }
    Path file = file("d.jsonl", lines);

    assertThatThrownBy(() -> SampleReader.read(file, ReadOptions.plain()))
        .hasMessageContaining("'field19'")
        .hasMessageEndingWith("; and 10 more");
  }

  @Test
  void read_repeatedId_isRefused() throws IOException {
    assertRefused(
        file(
            "d.jsonl",
            "{\"text\":\"a\",\"id\":\"x\"}",
            "{\"text\":\"b\",\"id\":2}",
            "{\"text\":\"c\",\"id\":\"x\"}",
            "{\"text\":\"d\",\"id\":\"2\"}"),
        ": line 3: id 'x' is already that of line 1; line 4: id '2' is already that of line 2");
  }

  @Test
  void read_badUtf8_tellsLineAndByte() throws IOException {
    Path file = folder.resolve("d.jsonl");
    byte[] good = "{\"text\":\"a\"}\n{\"text\":\"".getBytes(StandardCharsets.UTF_8);
    byte[] bytes = java.util.Arrays.copyOf(good, good.length + 3);
    bytes[good.length] = (byte) 0xE9;
    bytes[good.length + 1] = '"';
    bytes[good.length + 2] = '}';
    Files.write(file, bytes);

    assertRefused(file, ": line 2: not UTF-8 text (byte 10 of the row)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"empty.jsonl", "empty.json", "empty.ndjson"})
  void read_empty_isRefused(String name) throws IOException {
    assertRefused(file(name, "", "  "), ": no rows");
  }

  @Test
  void read_noFileOrNoData_isRefused() throws IOException {
    assertRefused(folder.resolve("none.jsonl"), ": no such file");
    assertRefused(folder, ": not a file; data is one JSONL, Parquet, CSV or TSV file");
    assertRefused(
        file("d.xlsx", "PK"), ": not known as data; known are .jsonl, .json, .parquet, .csv, .tsv");
  }

  @Test
  void read_preferences_areToldWhatTheyAre() throws IOException {
    assertThatThrownBy(() -> one("{\"prompt\":\"a\",\"chosen\":\"b\",\"rejected\":\"c\"}"))
        .hasMessageContaining("preference rows (chosen, rejected) are not for supervised tuning");
    assertThat(
            read(
                file("p.jsonl", "{\"prompt\":\"a\",\"chosen\":\"b\",\"rejected\":\"c\"}"),
                map("completion=chosen", "rejected")))
        .containsExactly(pair("1", "a", "b"));
  }

  @Test
  void read_promptsOnly_areRowsForGeneration() throws IOException {
    Path file =
        file(
            "d.jsonl",
            "{\"prompt\":\"a\"}",
            "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"}]}");

    assertThat(read(file, ReadOptions.parse(List.of(), List.of(), ReadOptions.Purpose.PROMPTS)))
        .containsExactly(pair("1", "a", ""), chat("2", Turn.of("user", "q")));
    assertThatThrownBy(() -> SampleReader.read(file, ReadOptions.plain()))
        .hasMessageContaining("line 1: fields prompt")
        .hasMessageContaining("line 2: no assistant turn");
  }

  @Test
  void read_csv_quotesLineBreaksAndEmptyTexts() throws IOException {
    Path file =
        file(
            "od'd *[x]?.csv",
            "id,prompt,completion,slice",
            "001,\"a, \"\"b\"\"",
            "c\",5,",
            "002,plain,\"\",s");

    assertThat(read(file, ReadOptions.plain()))
        .containsExactly(
            pair("001", "a, \"b\"\nc", "5"), new Sample.Pair("002", Optional.of("s"), "plain", ""));
    assertThatThrownBy(
            () -> SampleReader.read(file("m.csv", "question,answer", "a,b"), ReadOptions.plain()))
        .hasMessageContaining("m.csv: row 1: fields question, answer")
        .hasMessageEndingWith("give --map prompt=question,completion=answer");
  }

  @Test
  void read_csvWithHashSigns_takesThemForText() throws IOException {
    assertThat(read(file("h.csv", "text", "# title", "body", "# end"), ReadOptions.plain()))
        .containsExactly(
            new Sample.Text("1", Optional.empty(), "# title"),
            new Sample.Text("2", Optional.empty(), "body"),
            new Sample.Text("3", Optional.empty(), "# end"));
  }

  @Test
  void read_csvWithABrokenRow_isRefusedAndTellsTheLineWhereItIsKnown() throws IOException {
    Path early = file("d.csv", "prompt,completion", "a,b", "a,b,c", "d,e");
    String rows = "a,b\n".repeat(100_000);
    Path late = file("e.csv", "prompt,completion", rows + "a,b,c");

    assertRefused(
        early,
        ": cannot be read as a table: a row has more or fewer fields than the header, or a quote is"
            + " not closed (fields are parted by commas, in .tsv by tabs, and quoted by \")");
    assertThatThrownBy(() -> SampleReader.read(late, ReadOptions.plain()))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith(late + ": cannot be read as a table: ")
        .hasMessageContaining("Line: 100002");
  }

  @Test
  void read_parquet_hasTheSamplesOfTheSameJsonl() throws Exception {
    Path json =
        file(
            "d.jsonl",
            "{\"id\":1,\"messages\":[{\"role\":\"user\",\"content\":\"é\"},"
                + "{\"role\":\"assistant\",\"content\":\"b\"}]}",
            "{\"id\":2,\"messages\":[{\"role\":\"user\",\"content\":\"c\"},"
                + "{\"role\":\"assistant\",\"content\":\"d\",\"train\":false},"
                + "{\"role\":\"assistant\",\"content\":\"e\"}]}");
    Path parquet = folder.resolve("d.parquet");
    try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = duck.createStatement()) {
      statement.execute(
          "COPY (SELECT * FROM read_json('" + json + "')) TO '" + parquet + "' (FORMAT parquet)");
    }

    assertThat(read(parquet, ReadOptions.plain())).isEqualTo(read(json, ReadOptions.plain()));
    try (Dataset a = SampleReader.read(json, ReadOptions.plain());
        Dataset b = SampleReader.read(parquet, ReadOptions.plain())) {
      assertThat(b.fingerprint().samples()).isEqualTo(a.fingerprint().samples());
      assertThat(b.fingerprint().file()).isNotEqualTo(a.fingerprint().file());
    }
    Path cut = folder.resolve("cut.parquet");
    byte[] bytes = Files.readAllBytes(parquet);
    Files.write(cut, java.util.Arrays.copyOf(bytes, bytes.length / 2));
    assertThatThrownBy(() -> SampleReader.read(cut, ReadOptions.plain()))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith(cut + ": cannot be read as a table: ");
  }

  @Test
  void fingerprint_isTheFilesHashAndChangesWithTheSamples() throws Exception {
    Path file = file("d.jsonl", "{\"text\":\"a\"}");
    Path spaced = file("e.jsonl", "{ \"text\" : \"a\" }");
    Path other = file("f.jsonl", "{\"text\":\"b\"}");
    try (Dataset a = SampleReader.read(file, ReadOptions.plain());
        Dataset b = SampleReader.read(spaced, ReadOptions.plain());
        Dataset c = SampleReader.read(other, ReadOptions.plain())) {
      assertThat(a.fingerprint().file())
          .isEqualTo(
              HexFormat.of()
                  .formatHex(
                      MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file))));
      assertThat(a.fingerprint().rows()).isEqualTo(1);
      assertThat(b.fingerprint().samples()).isEqualTo(a.fingerprint().samples());
      assertThat(b.fingerprint().file()).isNotEqualTo(a.fingerprint().file());
      assertThat(c.fingerprint().samples()).isNotEqualTo(a.fingerprint().samples());
    }
  }

  @Test
  void sample_fileChangedMeanwhile_isToldAndNotReadAsSomethingElse() throws IOException {
    Path file = file("d.jsonl", "{\"text\":\"a\"}", "{\"text\":\"b\"}");
    try (Dataset data = SampleReader.read(file, ReadOptions.plain())) {
      Files.writeString(file, "{");

      assertThatThrownBy(() -> data.sample(1))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("has changed since it was opened");
    }
  }

  @Test
  void read_manyRows_holdsPlacesNotTrees() throws IOException {
    Path file = folder.resolve("large.jsonl");
    int rows = 200_000;
    String filler = "lorem ipsum ".repeat(25);
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (int i = 0; i < rows; i++) {
        out.write(
            "{\"id\":" + i + ",\"prompt\":\"" + filler + i + "\",\"completion\":\"" + i + "\"}\n");
      }
    }
    long before = usedBytes();
    try (Dataset data = SampleReader.read(file, ReadOptions.plain())) {
      long held = usedBytes() - before;

      assertThat(data.size()).isEqualTo(rows);
      assertThat(data.sample(123_456)).isEqualTo(pair("123456", filler + 123_456, "123456"));
      // 65 MB of text; places and checks take some tens of bytes a row
      assertThat(held).isLessThan(20_000_000L);
    }
  }

  private static long usedBytes() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
