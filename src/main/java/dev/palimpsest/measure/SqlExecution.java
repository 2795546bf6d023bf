package dev.palimpsest.measure;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Sha256;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Execution match: the completion and the answer are run as SQL over one table in DuckDB, and their
 * results compared, as multisets of rows, or in order where the completion has an outermost ORDER
 * BY. Column names do not matter, column order does; numbers are equal to 10 significant digits
 * whatever their type. An answer that is not one SELECT, fails, or runs past the time limit is
 * wrong. A fence of backticks around the whole answer and a final semicolon are taken off; nothing
 * else is.
 *
 * <p>{@code {"name": "sql", "table": "airports", "file": "airports.csv", "timeout": 5}}: the
 * table's name in the queries, a CSV or Parquet file relative to the probe's folder, seconds.
 * Without {@code file}, {@code table} is the file and its stem the name. The database has no file,
 * no network and no settings to change.
 */
final class SqlExecution implements Grader {
  private static final MathContext DIGITS = new MathContext(10);
  private static final int MOST_ROWS = 1_000_000;

  private final Connection database;
  private final int timeoutSeconds;
  private final String fingerprint;
  private final Map<String, Rows> expected = new HashMap<>();

  private record Rows(List<List<String>> rows, boolean ordered) {}

  private SqlExecution(Connection database, int timeoutSeconds, String fingerprint) {
    this.database = database;
    this.timeoutSeconds = timeoutSeconds;
    this.fingerprint = fingerprint;
  }

  static SqlExecution of(Metric metric, Path folder, String where) {
    metric.allow(where, "table", "file", "timeout");
    String table =
        metric
            .text("table", where)
            .orElseThrow(() -> new BadInput(where + ": metric sql: it needs a table"));
    Optional<String> named = metric.text("file", where);
    Path file = folder.resolve(named.orElse(table));
    if (!Files.isRegularFile(file)) {
      throw new BadInput(where + ": metric sql: table " + file + ": no such file");
    }
    String stem = String.valueOf(file.getFileName()).replaceFirst("\\.[^.]*$", "");
    String name = named.isPresent() ? table : stem;
    double timeout = metric.number("timeout", 5, where);
    int seconds = (int) Math.max(1, Math.ceil(timeout));
    Connection database = load(file, name, where);
    return new SqlExecution(database, seconds, Sha256.of(file));
  }

  private static Connection load(Path file, String name, String where) {
    String reader =
        file.toString().toLowerCase(Locale.ROOT).endsWith(".parquet") ? "read_parquet" : "read_csv";
    try {
      Connection database = DriverManager.getConnection("jdbc:duckdb:");
      try (Statement statement = database.createStatement()) {
        statement.execute(
            "CREATE TABLE \""
                + name.replace("\"", "\"\"")
                + "\" AS SELECT * FROM "
                + reader
                + "('"
                + file.toString().replace("'", "''")
                + "')");
        statement.execute("SET temp_directory = ''");
        statement.execute("SET enable_external_access = false");
        statement.execute("SET memory_limit = '512MB'");
        // one thread: the order of rows that no ORDER BY settles is the same in every run
        statement.execute("SET threads = 1");
        statement.execute("SET lock_configuration = true");
      } catch (SQLException e) {
        database.close();
        throw e;
      }
      return database;
    } catch (SQLException e) {
      throw new BadInput(where + ": metric sql: table " + file + ": " + firstLine(e), e);
    }
  }

  private static String firstLine(SQLException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public void check(String completion) {
    try {
      expectedOf(completion);
    } catch (SQLException e) {
      throw new IllegalArgumentException(
          "the completion is no query that runs: " + firstLine(e), e);
    }
  }

  @Override
  public boolean right(String completion, String answer) {
    Rows wanted;
    try {
      wanted = expectedOf(completion);
    } catch (SQLException e) {
      throw new IllegalStateException("a completion that was not checked: " + completion, e);
    }
    String query = query(answer);
    try {
      Optional<Boolean> select = orderOfSelect(query);
      return select.isPresent()
          && run(query, wanted.ordered(), wanted.rows().size())
              .filter(wanted.rows()::equals)
              .isPresent();
    } catch (SQLException e) {
      return false;
    }
  }

  private Rows expectedOf(String completion) throws SQLException {
    Rows known = expected.get(completion);
    if (known != null) {
      return known;
    }
    String query = query(completion);
    boolean ordered =
        orderOfSelect(query).orElseThrow(() -> new SQLException("it is not one SELECT"));
    Rows rows =
        new Rows(
            run(query, ordered, MOST_ROWS)
                .orElseThrow(() -> new SQLException("more than " + MOST_ROWS + " rows")),
            ordered);
    expected.put(completion, rows);
    return rows;
  }

  private static String query(String answer) {
    return Fence.off(answer).strip().replaceFirst("\\s*;$", "");
  }

  /** Whether a query has an outermost ORDER BY; empty if it is not exactly one SELECT. */
  private Optional<Boolean> orderOfSelect(String query) throws SQLException {
    try (PreparedStatement parse =
        database.prepareStatement("SELECT json_serialize_sql(?::VARCHAR)")) {
      parse.setString(1, query);
      try (ResultSet result = parse.executeQuery()) {
        result.next();
        JsonNode tree = Json.parse(result.getString(1), "query");
        JsonNode statements = tree.path("statements");
        if (tree.path("error").asBoolean() || statements.size() != 1) {
          return Optional.empty();
        }
        for (JsonNode modifier : statements.get(0).path("node").path("modifiers")) {
          if (modifier.path("type").asString("").equals("ORDER_MODIFIER")) {
            return Optional.of(true);
          }
        }
        return Optional.of(false);
      }
    }
  }

  /** The rows, sorted unless their order counts; empty if there are more than {@code most}. */
  private Optional<List<List<String>>> run(String query, boolean ordered, int most)
      throws SQLException {
    // prepared, since only then does the driver tell what is wrong with a query
    try (PreparedStatement statement = database.prepareStatement(query)) {
      statement.setQueryTimeout(timeoutSeconds);
      try (ResultSet result = statement.executeQuery()) {
        int columns = result.getMetaData().getColumnCount();
        List<List<String>> rows = new ArrayList<>();
        while (result.next()) {
          if (rows.size() == most) {
            return Optional.empty();
          }
          List<String> row = new ArrayList<>(columns);
          for (int column = 1; column <= columns; column++) {
            row.add(canonical(result.getObject(column)));
          }
          rows.add(row);
        }
        if (!ordered) {
          rows.sort((a, b) -> a.toString().compareTo(b.toString()));
        }
        return Optional.of(rows);
      }
    }
  }

  /** A value as a text that is equal for equal values; the first letter keeps the kinds apart. */
  private static String canonical(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case Double d when !Double.isFinite(d) -> "n" + d;
      case Float f when !Float.isFinite(f) -> "n" + f;
      case Number number -> {
        BigDecimal rounded = new BigDecimal(number.toString()).round(DIGITS);
        yield "n" + (rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toString());
      }
      default -> "t" + value;
    };
  }

  @Override
  public void close() {
    try {
      database.close();
    } catch (SQLException e) {
      throw new EnvironmentFailure("DuckDB: " + firstLine(e), e);
    }
  }
}
