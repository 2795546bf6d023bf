package dev.palimpsest.compare;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * The airports table in an in-memory DuckDB: {@code airports(icao, iata, name, city, subd, country,
 * elevation, lat, lon, tz)}, elevation in whole feet, so that sums and averages are exact in any
 * order. Empty texts of the file are NULL. Not safe for use by several threads.
 */
public final class AirportTable implements AutoCloseable {
  /** The table's columns, in order. */
  static final List<String> COLUMNS =
      List.of("icao", "iata", "name", "city", "subd", "country", "elevation", "lat", "lon", "tz");

  private final Connection connection;
  private final List<Airport> airports;

  private AirportTable(Connection connection) throws SQLException {
    this.connection = connection;
    this.airports = readAirports();
  }

  /**
   * Reads the airports of a CSV file with a header, such as {@code airports.csv} of PyPI's {@code
   * airportsdata}; other columns are left out.
   *
   * @throws BadInput if the file is missing, lacks a column or holds a value of a wrong type
   */
  public static AirportTable open(Path csv) {
    if (!Files.isRegularFile(csv)) {
      throw new BadInput(csv + ": no such file");
    }
    Connection connection = connect();
    try {
      load(connection, csv);
      return new AirportTable(connection);
    } catch (SQLException e) {
      close(connection);
      throw new BadInput(csv + ": no airports table: " + firstLine(e), e);
    } catch (RuntimeException e) {
      close(connection);
      throw e;
    }
  }

  private static Connection connect() {
    try {
      return DriverManager.getConnection("jdbc:duckdb:");
    } catch (SQLException e) {
      throw new EnvironmentFailure("DuckDB does not start: " + firstLine(e), e);
    }
  }

  private static void load(Connection connection, Path csv) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET threads = 1");
      String from =
          " FROM read_csv(" + quoted(csv.toString()) + ", header = true, all_varchar = true)";
      TreeSet<String> missing = new TreeSet<>(COLUMNS);
      try (ResultSet found = statement.executeQuery("DESCRIBE SELECT *" + from)) {
        while (found.next()) {
          missing.remove(found.getString(1));
        }
      }
      if (!missing.isEmpty()) {
        throw new BadInput(csv + ": the header lacks " + String.join(", ", missing));
      }
      statement.execute(
          "CREATE TABLE airports AS SELECT icao, nullif(iata, '') AS iata, name,"
              + " nullif(city, '') AS city, nullif(subd, '') AS subd, country,"
              + " CAST(round(CAST(elevation AS DOUBLE)) AS INTEGER) AS elevation,"
              + " CAST(lat AS DOUBLE) AS lat, CAST(lon AS DOUBLE) AS lon, tz"
              + from
              + " ORDER BY icao");
    }
  }

  /** All airports, by ICAO code. */
  List<Airport> airports() {
    return airports;
  }

  private List<Airport> readAirports() throws SQLException {
    List<Airport> all = new ArrayList<>();
    for (List<String> r :
        rows("SELECT " + String.join(", ", COLUMNS) + " FROM airports ORDER BY icao")) {
      all.add(
          new Airport(
              r.get(0),
              r.get(1),
              r.get(2),
              r.get(3),
              r.get(4),
              r.get(5),
              Integer.parseInt(r.get(6)),
              Double.parseDouble(r.get(7)),
              Double.parseDouble(r.get(8)),
              r.get(9)));
    }
    return List.copyOf(all);
  }

  /**
   * The rows that a query gives, every value as text; NULL is the empty text.
   *
   * @throws IllegalArgumentException if DuckDB refuses the query
   */
  List<List<String>> query(String sql) {
    try {
      return rows(sql);
    } catch (SQLException e) {
      throw new IllegalArgumentException(sql + ": " + firstLine(e), e);
    }
  }

  private List<List<String>> rows(String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      int width = result.getMetaData().getColumnCount();
      List<List<String>> rows = new ArrayList<>();
      while (result.next()) {
        List<String> row = new ArrayList<>(width);
        for (int i = 1; i <= width; i++) {
          String value = result.getString(i);
          row.add(value == null ? "" : value);
        }
        rows.add(List.copyOf(row));
      }
      return rows;
    }
  }

  /**
   * Writes the table as CSV with a header: the file that the items' {@code metric} names and the
   * grader reads, self-contained and the same bytes for the same table.
   *
   * @throws EnvironmentFailure if the file cannot be written
   */
  public void write(Path csv) {
    Path copy = temporary();
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "COPY airports TO " + quoted(copy.toString()) + " (FORMAT csv, HEADER true)");
      AtomicFile.write(csv, out -> Files.copy(copy, out));
    } catch (SQLException e) {
      throw new EnvironmentFailure(csv + ": cannot be written: " + firstLine(e), e);
    } finally {
      delete(copy);
    }
  }

  private static Path temporary() {
    try {
      return Files.createTempFile("airports", ".csv");
    } catch (IOException e) {
      throw new EnvironmentFailure("no temporary file can be made: " + e.getMessage(), e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new EnvironmentFailure(file + ": cannot be deleted: " + e.getMessage(), e);
    }
  }

  /** The text as an SQL literal. */
  static String quoted(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  private static String firstLine(SQLException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("no message");
  }

  private static void close(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new EnvironmentFailure("DuckDB does not close: " + firstLine(e), e);
    }
  }

  @Override
  public void close() {
    close(connection);
  }
}
