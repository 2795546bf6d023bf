package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AirportTableTest {
  private static final String HEADER =
      "icao,iata,name,city,subd,country,elevation,lat,lon,tz,lid\n";

  @TempDir Path folder;

  private Path csv(String text) throws IOException {
    return Files.writeString(folder.resolve("a.csv"), text);
  }

  @Test
  void open_emptyTextsAndFractions_areNullAndWholeFeet() throws IOException {
    Path file =
        csv(
            HEADER
                + "\"XBBB\",\"\",\"O'Hara, \"\"Old\"\" Strip\",\"\",\"\",\"PE\",99.6,-1.5,2,\"A/B\",\"\"\n"
                + "\"XAAA\",\"NAN\",\"Far Field\",\"Far\",\"South\",\"PE\",-3.2,1,2.25,\"A/B\",\"Q\"\n");
    try (AirportTable table = AirportTable.open(file)) {
      assertThat(table.airports())
          .containsExactly(
              new Airport("XAAA", "NAN", "Far Field", "Far", "South", "PE", -3, 1, 2.25, "A/B"),
              new Airport("XBBB", "", "O'Hara, \"Old\" Strip", "", "", "PE", 100, -1.5, 2, "A/B"));
      assertThat(table.query("SELECT icao FROM airports WHERE iata IS NULL"))
          .containsExactly(List.of("XBBB"));
    }
  }

  @Test
  void write_thenOpen_givesTheSameTableAndBytes() throws IOException {
    Path one = folder.resolve("one.csv");
    Path two = folder.resolve("two.csv");
    try (AirportTable table = AirportTable.open(InventedAirports.write(folder, 300))) {
      table.write(one);
      try (AirportTable again = AirportTable.open(one)) {
        assertThat(again.airports()).isEqualTo(table.airports()).hasSize(300);
        again.write(two);
      }
    }
    assertThat(two).hasSameBinaryContentAs(one);
  }

  @Test
  void open_fileThatIsNoTable_isRefused() throws IOException {
    Path lacking = csv("icao,iata,name,city,country,elevation,lat,lon\nX,,,,,1,2,3\n");
    assertThatThrownBy(() -> AirportTable.open(lacking))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("a.csv: the header lacks subd, tz");
    Path wrong = csv(HEADER + "XAAA,,N,C,S,PE,high,1,2,A/B,\n");
    assertThatThrownBy(() -> AirportTable.open(wrong))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("high");
    assertThatThrownBy(() -> AirportTable.open(folder.resolve("none.csv")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("no such file");
  }

  @Test
  void query_thatDuckDbRefuses_isNamed() {
    try (AirportTable table = AirportTable.open(InventedAirports.write(folder, 10))) {
      assertThatThrownBy(() -> table.query("SELECT height FROM airports"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("height");
    }
  }
}
