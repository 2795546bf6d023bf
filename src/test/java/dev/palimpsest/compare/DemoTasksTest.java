package dev.palimpsest.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.palimpsest.run.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The default tasks over the real table; its figures stand in docs/demo-tasks.md. */
class DemoTasksTest {
  private static final String TABLE =
      "516c57d9d999f7a3be28ca649d2badbe3b972f07e57dc6173ab973b72d51cf52";

  /** Lines, and the beginning of the SHA-256, of each file. */
  private static final Map<String, String> EXPECTED =
      Map.of(
          "airports.csv", "28299 5169945f0b583eb1",
          "form-train.jsonl", "600 0bfac9c9c044500a",
          "form-dev.jsonl", "60 9e8baf141c9ab6f1",
          "form-heldout.jsonl", "150 e0e5d58b4da6ea7a",
          "facts-train.jsonl", "360 6def5abc96f3ca01",
          "facts-dev.jsonl", "80 ba56cd04322bafec",
          "facts-heldout.jsonl", "240 43b17e2d2687e462");

  @TempDir Path folder;

  @Test
  void write_realTable_givesTheDocumentedFilesThatShareNothing()
      throws IOException, InterruptedException, NoSuchAlgorithmException {
    AirportsWheel.Fetched fetched = AirportsWheel.fetch();
    assumeTrue(fetched.csv().isPresent(), fetched.failure());
    Path csv = fetched.csv().orElseThrow();
    assertThat(sha256(csv)).isEqualTo(TABLE);

    List<Path> files =
        DemoTasks.write(csv, folder, FormTask.Sizes.DEFAULT, FactsTask.Sizes.DEFAULT, 1);

    Map<String, String> found = new LinkedHashMap<>();
    Set<String> prompts = new HashSet<>();
    Set<String> queries = new HashSet<>();
    int items = 0;
    for (Path file : files) {
      List<String> lines = Files.readAllLines(file);
      String name = file.getFileName().toString();
      found.put(name, lines.size() + " " + sha256(file).substring(0, 16));
      for (String line : name.endsWith(".jsonl") ? lines : List.<String>of()) {
        JsonNode item = Json.parse(line, name);
        items++;
        assertThat(prompts.add(item.get("prompt").asString())).as(line).isTrue();
        if (name.startsWith("form")) {
          assertThat(queries.add(item.get("completion").asString())).as(line).isTrue();
        }
      }
    }
    assertThat(items).isEqualTo(600 + 60 + 150 + 360 + 80 + 240);
    assertThat(found).isEqualTo(EXPECTED);
  }

  private static String sha256(Path file) throws IOException, NoSuchAlgorithmException {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }
}
