package dev.palimpsest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A process killed at any moment (SIGKILL: no handler runs) loses no work: what goes on from it
 * ends in the same bytes as a run that was never stopped. The moments are seen in the run's folder.
 */
class KilledEndToEndTest {
  private static final String TINY = "src/test/resources/checkpoints/llama";
  private static final String WEIGHTS = "adapter/adapter_model.safetensors";
  private static final int STEPS = 40;
  private static final int ITEMS = 200;

  /** The window of some moments is a few milliseconds wide. */
  private static final int TRIES = 8;

  @TempDir private static Path folder;
  private static Path data;

  @BeforeAll
  static void trainWithoutAStop() throws Exception {
    data = folder.resolve("data.jsonl");
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 12; i++) {
      rows.append("{\"prompt\": \"%d plus 1\", \"completion\": \"%d\"}\n".formatted(i, i + 1));
    }
    Files.writeString(data, rows);
    Launcher.Call call = Launcher.run(call(folder.resolve("whole")));
    assertThat(call.exit()).as(call.err()).isZero();
  }

  /** When the process is killed. */
  private enum Moment {
    BEFORE_THE_FIRST_CHECKPOINT {
      @Override
      boolean isNow(Path run) {
        return Files.exists(run.resolve("metrics.jsonl"));
      }

      @Override
      boolean wasHit(Path run) {
        return names(run.resolve("checkpoints")).noneMatch(n -> n.startsWith("step-"));
      }
    },
    BETWEEN_CHECKPOINTS {
      @Override
      boolean isNow(Path run) {
        return names(run.resolve("checkpoints")).anyMatch(n -> n.startsWith("step-"));
      }

      @Override
      boolean wasHit(Path run) {
        return names(run.resolve("checkpoints")).noneMatch(n -> n.startsWith("."));
      }
    },
    IN_A_CHECKPOINT {
      @Override
      boolean isNow(Path run) {
        return wasHit(run);
      }

      @Override
      boolean wasHit(Path run) {
        return names(run.resolve("checkpoints")).anyMatch(n -> n.endsWith(".tmp"));
      }
    },
    BEFORE_PRUNING {
      @Override
      boolean isNow(Path run) {
        return wasHit(run);
      }

      @Override
      boolean wasHit(Path run) { // --keep-checkpoints 1
        return names(run.resolve("checkpoints")).filter(n -> n.startsWith("step-")).count() > 1;
      }
    },
    IN_THE_ADAPTER {
      @Override
      boolean isNow(Path run) {
        return wasHit(run);
      }

      @Override
      boolean wasHit(Path run) {
        return names(run).anyMatch(n -> n.startsWith(".adapter.") && n.endsWith(".tmp"));
      }
    };

    abstract boolean isNow(Path run);

    abstract boolean wasHit(Path run);
  }

  @ParameterizedTest
  @EnumSource
  void tune_killedAt_goesOnToTheSameBytes(Moment moment) throws Exception {
    Path run = folder;
    boolean hit = false;
    for (int i = 0; i < TRIES && !hit; i++) {
      run = folder.resolve(moment + "-" + i);
      kill(run, moment);
      hit = !Files.exists(run.resolve("result.json")) && moment.wasHit(run);
    }
    assertThat(hit).as("never killed at this moment").isTrue();

    Launcher.Call resumed = Launcher.run("tune", "--resume", run.toString(), "--json");

    assertThat(resumed.exit()).as(resumed.err()).isZero();
    assertThat(run.resolve(WEIGHTS))
        .hasSameBinaryContentAs(folder.resolve("whole").resolve(WEIGHTS));
    assertThat(Files.readAllLines(run.resolve("metrics.jsonl"))).hasSize(STEPS);
    assertThat(names(run.resolve("checkpoints"))).containsExactly("step-000000" + STEPS);
    assertThat(names(run)).noneMatch(name -> name.endsWith(".tmp"));
  }

  @Test
  void ledger_killed_goesOnWhereItStopped() throws Exception {
    Path probe = folder.resolve("sums.jsonl");
    StringBuilder items = new StringBuilder();
    for (int i = 0; i < ITEMS; i++) {
      items.append(
          "{\"prompt\": \"%d plus 1\", \"choices\": [\"%d\", \"blue\"], \"answer\": 0}\n"
              .formatted(i, i + 1));
    }
    Files.writeString(probe, items);
    String adapter = TINY + "+" + folder.resolve("whole/adapter");
    String[] call = {
      "ledger", "--before", TINY, "--after", adapter, "--probe", probe.toString(), "--texts", "0"
    };
    Path cache = folder.resolve("cache");
    Consumer<ProcessBuilder> cut = cache(cache);
    Path err = folder.resolve("err");
    Process process = Launcher.start(cut, folder.resolve("out"), err, call);
    Path store = cache.resolve("ledger.sqlite");
    while (process.isAlive() && known(store) == 0) {
      LockSupport.parkNanos(1_000_000);
    }
    process.destroyForcibly().waitFor();
    int then = known(store);
    assertThat(then).isBetween(1, 2 * ITEMS - 1);

    Launcher.Call resumed = Launcher.run(cut, call);
    Launcher.Call whole = Launcher.run(cache(folder.resolve("other")), call);

    assertThat(resumed.exit()).as(resumed.err()).isZero();
    assertThat(resumed.out()).isEqualTo(whole.out());
    assertThat(known(store)).isEqualTo(2 * ITEMS);
  }

  private static Consumer<ProcessBuilder> cache(Path folder) {
    return process -> process.environment().put("PALIMPSEST_CACHE", folder.toString());
  }

  /** Observations in a store that another process may be writing to. */
  private static int known(Path store) throws SQLException {
    if (!Files.exists(store)) {
      return 0;
    }
    try (Connection database = DriverManager.getConnection("jdbc:sqlite:" + store);
        Statement statement = database.createStatement()) {
      statement.execute("PRAGMA busy_timeout = 5000");
      ResultSet tables =
          statement.executeQuery("SELECT count(*) FROM sqlite_master WHERE name = 'observation'");
      return tables.getInt(1) == 0
          ? 0
          : statement.executeQuery("SELECT count(*) FROM observation").getInt(1);
    }
  }

  private static void kill(Path run, Moment moment) throws Exception {
    Process process = Launcher.start(folder.resolve("out"), folder.resolve("err"), call(run));
    while (process.isAlive() && !moment.isNow(run)) {
      LockSupport.parkNanos(100_000);
    }
    process.destroyForcibly().waitFor();
  }

  private static Stream<String> names(Path parent) {
    try (Stream<Path> inside = Files.list(parent)) {
      return inside.map(p -> String.valueOf(p.getFileName())).toList().stream();
    } catch (NoSuchFileException | NotDirectoryException e) {
      return Stream.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String[] call(Path run) {
    return Launcher.tuneCall(
        TINY,
        data,
        run,
        "--steps",
        String.valueOf(STEPS),
        "--checkpoint-every",
        "5",
        "--keep-checkpoints",
        "1",
        "--threads",
        "1");
  }
}
