package dev.palimpsest.data;

import dev.palimpsest.run.BadInput;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * Rows of a Parquet or CSV file, read by DuckDB and held as JSON, so that one reader does for all.
 */
final class TableRows implements RowStore {
  /** The kinds of tables. */
  enum Format {
    PARQUET("read_parquet(?, hive_partitioning = false)"),
    CSV(csv(",")),
    TSV(csv("\t"));

    private final String source;

    Format(String source) {
      this.source = source;
    }

    private static String csv(String delimiter) {
      return "read_csv(?, delim = '"
          + delimiter
          + "', quote = '\"', escape = '\"', header = true, all_varchar = true,"
          + " allow_quoted_nulls = false, skip = 0, comment = '', hive_partitioning = false,"
          + " max_line_size = 16777216)";
    }
  }

  private final List<byte[]> rows = new ArrayList<>();
  private final List<Integer> places = new ArrayList<>();

  private TableRows() {}

  /** Reads the whole table. */
  static TableRows scan(Path file, Format format, Visitor visitor) {
    TableRows table = new TableRows();
    Properties settings = new Properties();
    settings.setProperty("jdbc_stream_results", "true");
    try (Connection duck = DriverManager.getConnection("jdbc:duckdb:", settings);
        PreparedStatement load =
            duck.prepareStatement("CREATE TEMP TABLE loaded AS SELECT * FROM " + format.source);
        Statement query = duck.createStatement()) {
      // loaded first: an error halfway through a streamed file would only end the rows
      load.setString(1, literal(file.toAbsolutePath().toString()));
      load.execute();
      try (ResultSet result = query.executeQuery("SELECT to_json(t)::VARCHAR FROM loaded t")) {
        for (int place = 1; result.next(); place++) {
          byte[] json = result.getString(1).getBytes(StandardCharsets.UTF_8);
          int at = place;
          if (visitor.visit(json, () -> name(at))) {
            table.rows.add(json);
            table.places.add(place);
          }
        }
      }
      return table;
    } catch (SQLException e) {
      throw new BadInput(file + ": cannot be read as a table: " + reason(e), e);
    }
  }

  /** DuckDB takes a file name for a pattern; a class of one character stands for itself. */
  private static String literal(String path) {
    return path.replaceAll("[*?\\[]", "[$0]");
  }

  private static String reason(SQLException e) {
    String message = String.valueOf(e.getMessage()).strip();
    if (message.contains("sniffing")) {
      return "a row has more or fewer fields than the header, or a quote is not closed (fields are"
          + " parted by commas, in .tsv by tabs, and quoted by \")";
    }
    String[] lines = message.split("\\R", 4);
    int shown = Math.min(3, lines.length);
    return String.join(" ", List.of(lines).subList(0, shown)).replaceAll("\\s+", " ");
  }

  @Override
  public int size() {
    return rows.size();
  }

  @Override
  public byte[] row(int index) {
    return rows.get(index);
  }

  @Override
  public int bytes(int index) {
    return rows.get(index).length;
  }

  @Override
  public String place(int index) {
    return name(places.get(index));
  }

  private static String name(int row) {
    return "row " + row;
  }

  @Override
  public void close() {
    // nothing is open
  }
}
