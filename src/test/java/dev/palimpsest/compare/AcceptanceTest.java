package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AcceptanceTest {
  @TempDir Path folder;
  private AirportTable table;

  @BeforeEach
  void open() throws IOException {
    table =
        AirportTable.open(
            Files.writeString(
                folder.resolve("a.csv"),
                """
                icao,iata,name,city,subd,country,elevation,lat,lon,tz
                XAAA,AAA,One,Aby,North,PE,100,1,10,A/B
                XBBB,,Two,Bby,North,PE,200,2,20,A/B
                XCCC,CCC,Three,,South,PE,200,3,30,A/B
                XDDD,,Four,Dby,South,KE,300,4,40,C/D
                """));
  }

  @AfterEach
  void close() {
    table.close();
  }

  private boolean accepts(String sql, List<String> weaker) {
    return accepts(sql, weaker, Optional.empty());
  }

  private boolean accepts(String sql, List<String> weaker, Optional<String> order) {
    return new Acceptance(table)
        .accepts(new Question("?", sql, Set.of(Clause.LIST), weaker, order, 1));
  }

  @Test
  void clauseThatChangesNothing_isRefused() {
    String north = "SELECT name FROM airports WHERE subd = 'North'";
    assertThat(accepts(north + " AND elevation < 200", List.of(north))).isTrue();
    assertThat(accepts(north + " AND elevation < 300", List.of(north))).isFalse();
  }

  @Test
  void answerThatHangsOnATie_isRefused() {
    String top = "SELECT name FROM airports ORDER BY elevation DESC LIMIT ";
    String keys = "SELECT elevation FROM airports ORDER BY elevation DESC LIMIT ";
    assertThat(accepts(top + 1, List.of(), Optional.of(keys + 2))).isTrue();
    assertThat(accepts(top + 2, List.of(), Optional.of(keys + 3))).isFalse();
  }

  @Test
  void emptyNullOrTrivialAnswer_isRefused() {
    assertThat(accepts("SELECT count(*) FROM airports WHERE country = 'PE'", List.of())).isTrue();
    assertThat(accepts("SELECT count(*) FROM airports WHERE country = 'KE'", List.of())).isFalse();
    assertThat(accepts("SELECT count(*) FROM airports WHERE country = 'XX'", List.of())).isFalse();
    assertThat(accepts("SELECT name FROM airports WHERE country = 'XX'", List.of())).isFalse();
    assertThat(accepts("SELECT city FROM airports WHERE subd = 'North'", List.of())).isTrue();
    assertThat(accepts("SELECT city FROM airports WHERE country = 'PE'", List.of())).isFalse();
  }

  @Test
  void longAnswer_isRefused() {
    String many = "SELECT a.name FROM airports a, range(%d)";
    assertThat(accepts(many.formatted(50), List.of())).isTrue();
    assertThat(accepts(many.formatted(51), List.of())).isFalse();
  }
}
