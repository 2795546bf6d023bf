package dev.palimpsest.measure;

import dev.palimpsest.generate.Replies;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What systems were seen to do, kept over runs: an SQLite file in WAL mode, append-only, keyed by
 * the hash of everything that an observation depends on. Several processes may use it at a time,
 * and several threads.
 */
public final class ObservationStore implements AutoCloseable {
  private final Connection database;
  private final String name;

  private ObservationStore(Connection database, String name) {
    this.database = database;
    this.name = name;
  }

  /**
   * Opens a store, and creates it if it is not there.
   *
   * @throws EnvironmentFailure naming the file
   */
  public static ObservationStore open(Path file) {
    try {
      Path folder = file.toAbsolutePath().getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
    } catch (IOException e) {
      throw new EnvironmentFailure(file + ": its folder cannot be made: " + e.getMessage(), e);
    }
    return connect("jdbc:sqlite:" + file, file.toString());
  }

  /** A store that is forgotten when it is closed. */
  public static ObservationStore inMemory() {
    return connect("jdbc:sqlite::memory:", "memory");
  }

  private static ObservationStore connect(String url, String name) {
    try {
      Connection database = DriverManager.getConnection(url);
      try (Statement statement = database.createStatement()) {
        statement.execute("PRAGMA busy_timeout = 10000");
        statement.execute("PRAGMA journal_mode = WAL");
        statement.execute("PRAGMA synchronous = NORMAL");
        statement.execute(
            "CREATE TABLE IF NOT EXISTS observation"
                + " (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
        for (String change : new String[] {"UPDATE", "DELETE"}) {
          statement.execute(
              "CREATE TRIGGER IF NOT EXISTS no_"
                  + change
                  + " BEFORE "
                  + change
                  + " ON observation BEGIN SELECT RAISE(ABORT, 'append-only'); END");
        }
      } catch (SQLException e) {
        database.close();
        throw e;
      }
      return new ObservationStore(database, name);
    } catch (SQLException e) {
      throw new EnvironmentFailure(name + ": cannot be used as a store: " + e.getMessage(), e);
    }
  }

  /** Those of the keys that are known, with the text of what was observed. */
  synchronized Map<String, String> find(Collection<String> keys) {
    Map<String, String> found = new HashMap<>();
    try (PreparedStatement query =
        database.prepareStatement("SELECT value FROM observation WHERE key = ?")) {
      for (String key : keys) {
        query.setString(1, key);
        try (ResultSet row = query.executeQuery()) {
          if (row.next()) {
            found.put(key, row.getString(1));
          }
        }
      }
      return found;
    } catch (SQLException e) {
      throw new EnvironmentFailure(name + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** Adds observations, all or none; one that is known already stays as it was. */
  synchronized void append(Map<String, String> observations) {
    try (PreparedStatement insert =
        database.prepareStatement("INSERT OR IGNORE INTO observation VALUES (?, ?)")) {
      database.setAutoCommit(false);
      for (Map.Entry<String, String> entry : observations.entrySet()) {
        insert.setString(1, entry.getKey());
        insert.setString(2, entry.getValue());
        insert.executeUpdate();
      }
      database.commit();
      database.setAutoCommit(true);
    } catch (SQLException e) {
      throw new EnvironmentFailure(name + ": cannot be written: " + e.getMessage(), e);
    }
  }

  /**
   * Replies that are kept here, under hashes of what was asked.
   *
   * @param about what else they depend on
   */
  Replies replies(String about) {
    return new Replies() {
      @Override
      public Optional<String> find(String request) {
        String key = key(request);
        return Optional.ofNullable(ObservationStore.this.find(List.of(key)).get(key));
      }

      @Override
      public void keep(String request, String reply) {
        append(Map.of(key(request), reply));
      }

      private String key(String request) {
        return Sha256.of("reply/1\n" + about + "\n" + request);
      }
    };
  }

  @Override
  public synchronized void close() {
    try {
      database.close();
    } catch (SQLException e) {
      throw new EnvironmentFailure(name + ": cannot be closed: " + e.getMessage(), e);
    }
  }
}
