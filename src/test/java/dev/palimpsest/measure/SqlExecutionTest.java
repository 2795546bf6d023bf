package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SqlExecutionTest {
  private static final String BY_NAME = "SELECT name FROM airports WHERE country = 'NO'";

  @TempDir private Path folder;
  private Grader grader;

  @BeforeEach
  void open() throws IOException {
    Files.writeString(
        folder.resolve("table.csv"),
        """
        code,name,country,elevation
        OSL,Oslo,NO,681
        BGO,Bergen,NO,170
        ZRH,Zurich,CH,1416
        """);
    grader =
        open(
            "{\"name\": \"sql\", \"table\": \"airports\", \"file\": \"table.csv\", \"timeout\": 1}");
  }

  private Grader open(String metric) {
    return Grader.of(Metric.parse(Json.parse(metric, "test"), "test"), folder, "here");
  }

  @AfterEach
  void close() {
    grader.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        BY_NAME,
        "select name from airports where code in ('BGO', 'OSL') order by name;",
        "```sql\nSELECT name AS n FROM airports WHERE country = 'NO'\n```",
        "WITH t AS (SELECT * FROM airports) SELECT name FROM t WHERE elevation < 1000",
        "-- Norwegian\n" + BY_NAME
      })
  void answer_withTheSameRows_isRight(String answer) {
    assertThat(grader.right(BY_NAME, answer)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT name FROM airports",
        "SELECT code FROM airports WHERE country = 'NO'",
        "SELECT name, code FROM airports WHERE country = 'NO'",
        "SELECT name FROM airports WHERE country = 'NO' LIMIT 1",
        BY_NAME + " UNION ALL " + BY_NAME,
        BY_NAME + "; " + BY_NAME,
        "DROP TABLE airports; " + BY_NAME,
        "DROP TABLE airports",
        "Here it is: " + BY_NAME,
        "SELECT",
        "",
        "SELECT name FROM nowhere",
        "SELECT sum(a.range) FROM range(10000000) a, range(10000000) b"
      })
  void answer_thatDiffersOrFailsOrIsNotOneSelect_isWrongAndHarmsNothing(String answer) {
    assertThat(grader.right(BY_NAME, answer)).isFalse();
    assertThat(grader.right(BY_NAME, BY_NAME)).isTrue();
  }

  @Test
  void answer_thatReadsAFile_isWrong() throws IOException {
    Path secret = Files.writeString(folder.resolve("secret.csv"), "name\nOslo\nBergen\n");
    assertThat(grader.right(BY_NAME, "SELECT name FROM '" + secret + "'")).isFalse();
    assertThat(grader.right(BY_NAME, "SELECT name FROM read_csv('" + secret + "')")).isFalse();
    assertThat(grader.right(BY_NAME, "SET enable_external_access = true")).isFalse();
  }

  @Test
  void order_countsWhereTheCompletionHasOne() {
    String ordered = "SELECT code FROM airports ORDER BY elevation DESC";
    assertThat(grader.right(ordered, ordered)).isTrue();
    assertThat(grader.right(ordered, "SELECT code FROM airports ORDER BY elevation")).isFalse();
    assertThat(grader.right("SELECT code FROM airports", ordered)).isTrue();
    // the order of an inner query is nobody's
    String inner = "SELECT code FROM (SELECT * FROM airports ORDER BY elevation DESC)";
    assertThat(grader.right(inner, "SELECT code FROM airports ORDER BY elevation")).isTrue();
  }

  @Test
  void numbers_areEqualWhateverTheirType() {
    assertThat(grader.right("SELECT count(*) FROM airports", "SELECT 3.0")).isTrue();
    assertThat(grader.right("SELECT 0.1 + 0.2", "SELECT 0.3::DOUBLE")).isTrue();
    assertThat(grader.right("SELECT count(*) FROM airports", "SELECT '3'")).isFalse();
    assertThat(grader.right("SELECT NULL", "SELECT NULL")).isTrue();
    assertThat(grader.right("SELECT NULL", "SELECT 'null'")).isFalse();
  }

  @Test
  void completion_thatDoesNotRun_isRefused() {
    assertThatThrownBy(() -> grader.check("SELECT nothing FROM airports"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nothing");
    assertThatThrownBy(() -> grader.check("DROP TABLE airports"))
        .hasMessageContaining("not one SELECT");
    grader.check(BY_NAME);
  }

  @Test
  void table_withoutAFileOfItsOwn_isTheFileAndItsStem() {
    try (Grader stem = open("{\"name\": \"sql\", \"table\": \"table.csv\"}")) {
      assertThat(stem.right("SELECT 3", "SELECT count(*) FROM \"table\"")).isTrue();
    }
  }

  @Test
  void table_missingOrNoTable_isRefused() throws IOException {
    assertThatThrownBy(() -> open("{\"name\": \"sql\", \"table\": \"gone.csv\"}"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("gone.csv: no such file");
    Files.write(folder.resolve("bad.parquet"), new byte[] {1, 2, 3});
    assertThatThrownBy(() -> open("{\"name\": \"sql\", \"table\": \"bad.parquet\"}"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("bad.parquet");
  }

  @Test
  void fingerprint_changesWithTheTable() throws IOException {
    String before = grader.fingerprint();
    Files.writeString(folder.resolve("table.csv"), "code\nX\n");
    try (Grader changed = open("{\"name\": \"sql\", \"table\": \"table.csv\"}")) {
      assertThat(changed.fingerprint()).isNotEqualTo(before);
    }
  }
}
