package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What runs keep: diff and export. */
class KeptLedgerTest {
  @TempDir private Path folder;

  private static ItemRow row(String probe, int i, boolean before, boolean after) {
    return new ItemRow(
        probe,
        "q" + i,
        before ? 1 : 0,
        after ? 1 : 0,
        Optional.of("was"),
        Optional.of(after ? "right" : "wrong, it's"),
        false,
        !after,
        new ItemRow.Place(Optional.of("s"), Optional.of("d" + i / 2), 0));
  }

  private static ItemRow text(int i, double after) {
    return new ItemRow(
        "prose",
        "t" + i,
        1,
        after,
        Optional.empty(),
        Optional.empty(),
        false,
        false,
        new ItemRow.Place(Optional.empty(), Optional.empty(), 10 * (i + 1)));
  }

  private Path keep(String run, List<ItemRow> questions, List<ItemRow> prose, Set<String> trained) {
    Probe asked =
        new Probe(
            "questions",
            ProbeKind.RETENTION,
            folder,
            questions.stream()
                .<ProbeItem>map(
                    r -> new ProbeItem.Read(r.id(), Optional.empty(), "stands in for " + r.id()))
                .toList());
    Probe read =
        new Probe(
            "prose",
            ProbeKind.RETENTION,
            folder,
            List.of(new ProbeItem.Read("t", Optional.empty(), "text")));
    Ledger ledger =
        new Ledger(
            List.of(result(asked, "exact", questions), result(read, "bits_per_byte", prose)),
            Optional.empty(),
            Optional.empty());
    Overlap overlap =
        new Overlap(trained.isEmpty() ? Map.of() : Map.of("questions", trained), List.of());
    Path place = folder.resolve(run);
    AtomicFile.write(place.resolve("adapter/adapter_model.safetensors"), run);
    new RunLedger(
            place, Side.parse("base"), new Side("base", Optional.of(place.resolve("adapter"))))
        .write(HeldLedger.of(ledger, List.of(), Optional.of(overlap)));
    return place;
  }

  private static ProbeResult result(Probe probe, String metric, List<ItemRow> rows) {
    return new ProbeResult(
        probe, List.of(metric), new Rows(rows).outcome(), Optional.empty(), new TreeMap<>(), rows);
  }

  private static List<ItemRow> rightBelow(int limit) {
    return IntStream.range(0, 40).mapToObj(i -> row("questions", i, true, i < limit)).toList();
  }

  @Test
  void diff_pairsTheTwoAdapters() {
    Path first = keep("a", rightBelow(30), List.of(text(0, 1.5), text(1, 2)), Set.of());
    Path second = keep("b", rightBelow(10), List.of(text(0, 1.5), text(1, 3)), Set.of());

    LedgerDiff diff = LedgerDiff.of(KeptLedger.in(first), KeptLedger.in(second));

    Outcome.Rates questions = (Outcome.Rates) diff.probes().getFirst().outcome();
    assertThat(questions.counts()).isEqualTo(new PairedCounts(10, 20, 0, 10));
    assertThat(questions.clusters().orElseThrow().documents()).isEqualTo(20);
    // the second text has 20 of the 30 bytes
    assertThat(diff.probes().get(1).outcome().delta()).isCloseTo(2 / 3.0, within(1e-12));
    JsonNode document = diff.json();
    assertThat(document.get("before").asString()).endsWith("a/adapter");
    assertThat(document.get("probes").get(0).get("lost_items")).hasSize(20);
    assertThat(document.get("probes").get(1).get("lost_items")).isEmpty();
    assertThat(diff.text()).contains("questions").contains("-0.500");
  }

  @Test
  void diff_ofAnAdapterThatHasChangedSince_saysSo() {
    Path first = keep("a", rightBelow(30), List.of(text(0, 1)), Set.of());
    Path second = keep("b", rightBelow(10), List.of(text(0, 1)), Set.of());
    AtomicFile.write(second.resolve("adapter/adapter_model.safetensors"), "trained on");

    String text = LedgerDiff.of(KeptLedger.in(first), KeptLedger.in(second)).text();

    assertThat(text).contains("b/adapter (as it was: the run's adapter has changed since)");
  }

  @Test
  void diff_ofOtherItems_isRefused() {
    Path first = keep("a", rightBelow(30), List.of(text(0, 1)), Set.of());
    Path second = keep("b", rightBelow(10).subList(0, 39), List.of(text(0, 1)), Set.of());
    assertThatThrownBy(() -> LedgerDiff.of(KeptLedger.in(first), KeptLedger.in(second)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("probe questions holds other items");
  }

  @Test
  void diff_ofTextsWithoutTheirBytes_isRefused() throws Exception {
    Path first = keep("a", rightBelow(30), List.of(text(0, 1)), Set.of());
    Path second = keep("b", rightBelow(30), List.of(text(0, 1)), Set.of());
    Path items = second.resolve(RunLedger.ITEMS);
    Files.writeString(items, Files.readString(items).replace(",\"bytes\":10", ""));
    assertThatThrownBy(() -> LedgerDiff.of(KeptLedger.in(first), KeptLedger.in(second)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("prose was measured by an earlier version");
  }

  @Test
  void ledger_thatIsNotThere_isNamed() {
    assertThatThrownBy(() -> KeptLedger.in(folder))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("there is no ledger in it");
  }

  @Test
  void table_hasARowForEachRunProbeAndItem() throws Exception {
    Path first = keep("a", rightBelow(30), List.of(text(0, 1.5), text(1, 2)), Set.of("q3", "q4"));
    Path second = keep("b", rightBelow(10), List.of(text(0, 1.5), text(1, 3)), Set.of());
    Path file = folder.resolve("items.parquet");

    long rows = LedgerTable.write(List.of(KeptLedger.in(first), KeptLedger.in(second)), file);

    assertThat(rows).isEqualTo(84);
    try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = duck.createStatement();
        ResultSet seen =
            statement.executeQuery(
                "SELECT run, probe, count(*) AS n, sum(after) AS s, sum(bytes) AS b,"
                    + " count(*) FILTER (trained) AS t, min(answer_after) AS a, min(document) AS d"
                    + " FROM '"
                    + file
                    + "' GROUP BY run, probe ORDER BY run, probe")) {
      assertThat(seen.next()).isTrue();
      assertThat(seen.getString("probe")).isEqualTo("prose");
      assertThat(seen.getDouble("s")).isEqualTo(3.5);
      assertThat(seen.getInt("b")).isEqualTo(30);
      assertThat(seen.next()).isTrue();
      assertThat(seen.getString("run")).isEqualTo(first.toString());
      assertThat(seen.getInt("n")).isEqualTo(40);
      assertThat(seen.getInt("s")).isEqualTo(30);
      assertThat(seen.getInt("t")).isEqualTo(2);
      assertThat(seen.getObject("b")).isNull();
      assertThat(seen.getString("a")).isEqualTo("right");
      assertThat(seen.getString("d")).isEqualTo("d0");
    }
  }

  @Test
  void document_tellsItemsThatWereTrainedOn() {
    Path run = keep("a", rightBelow(30), List.of(text(0, 1)), Set.of("q35", "q3"));
    JsonNode probe = Json.read(run.resolve("ledger.json")).get("probes").get(0);
    assertThat(probe.get("trained_items").toString()).isEqualTo("[\"q3\",\"q35\"]");
    ObjectNode without = (ObjectNode) probe.get("without_trained");
    assertThat(without.get("n").asInt()).isEqualTo(38);
    assertThat(without.get("lost").asInt()).isEqualTo(9);
  }
}
