package dev.palimpsest.measure;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.EnvironmentFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;
import tools.jackson.databind.JsonNode;

/** The item lines of runs' ledgers as one Parquet file, a row for each run, probe and item. */
public final class LedgerTable {
  private static final String TABLE =
      """
      CREATE TABLE item (
        run VARCHAR NOT NULL, model_before VARCHAR, model_after VARCHAR,
        probe VARCHAR NOT NULL, kind VARCHAR, metric VARCHAR, probe_sha256 VARCHAR,
        id VARCHAR NOT NULL, slice VARCHAR, document VARCHAR,
        before DOUBLE NOT NULL, after DOUBLE NOT NULL, bytes INTEGER,
        answer_before VARCHAR, answer_after VARCHAR,
        loops_before BOOLEAN NOT NULL, loops_after BOOLEAN NOT NULL,
        trained BOOLEAN)
      """;

  private LedgerTable() {}

  /**
   * Writes the file.
   *
   * @return rows
   * @throws EnvironmentFailure if it cannot be written
   */
  public static long write(List<KeptLedger> ledgers, Path file) {
    long rows = 0;
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement()) {
      statement.execute(TABLE);
      try (DuckDBAppender appender =
          database.unwrap(DuckDBConnection.class).createAppender("main", "item")) {
        for (KeptLedger ledger : ledgers) {
          rows += append(ledger, appender);
        }
      }
      Path folder = Files.createTempDirectory("palimpsest-export");
      Path whole = folder.resolve("items.parquet");
      try {
        statement.execute(
            "COPY item TO '"
                + whole.toString().replace("'", "''")
                + "' (FORMAT parquet, COMPRESSION zstd)");
        AtomicFile.write(file, out -> Files.copy(whole, out));
      } finally {
        Files.deleteIfExists(whole);
        Files.delete(folder);
      }
      return rows;
    } catch (SQLException e) {
      throw new EnvironmentFailure(file + ": cannot be written: " + e.getMessage(), e);
    } catch (IOException e) {
      throw EnvironmentFailure.of(file + ": cannot be written", e);
    }
  }

  private static long append(KeptLedger ledger, DuckDBAppender to) throws SQLException {
    long rows = 0;
    for (List<ItemRow> items : ledger.rows().values()) {
      JsonNode probe = ledger.probe(items.getFirst().probe()).orElseThrow();
      JsonNode trained = probe.path("trained_items");
      Set<String> ids = trained.valueStream().map(JsonNode::asString).collect(Collectors.toSet());
      for (ItemRow row : items) {
        to.beginRow();
        to.append(ledger.run().toString());
        to.append(ledger.document().path("before").asString(null));
        to.append(ledger.document().path("after").asString(null));
        to.append(row.probe()).append(probe.path("kind").asString(null));
        to.append(probe.path("metric").asString(null)).append(probe.path("sha256").asString(null));
        to.append(row.id());
        to.append(row.place().slice().orElse(null)).append(row.place().document().orElse(null));
        to.append(row.before()).append(row.after());
        to.append(row.ofText() ? Integer.valueOf(row.place().bytes()) : null);
        to.append(row.answerBefore().orElse(null)).append(row.answerAfter().orElse(null));
        to.append(row.loopsBefore()).append(row.loopsAfter());
        to.append(trained.isArray() ? Boolean.valueOf(ids.contains(row.id())) : null);
        to.endRow();
        rows++;
      }
    }
    return rows;
  }
}
