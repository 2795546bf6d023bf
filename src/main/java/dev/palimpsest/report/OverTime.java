package dev.palimpsest.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * A run over time, as docs/formats/over-time.md has it.
 *
 * @param path of {@code path.json}: ledgers of checkpoints and of the adapter scaled
 * @param samples of {@code samples.json}: what became of the training samples
 * @param lines of {@code samples.jsonl}
 * @param recovery of {@code recovery.json}: what came back after a little more training
 */
public record OverTime(
    Optional<JsonNode> path,
    Optional<JsonNode> samples,
    List<JsonNode> lines,
    Optional<JsonNode> recovery) {
  /** Nothing measured. */
  static final OverTime NONE =
      new OverTime(Optional.empty(), Optional.empty(), List.of(), Optional.empty());

  /** Copies the lines. */
  public OverTime {
    lines = List.copyOf(lines);
  }

  /** The way from the base over the checkpoints to the end, in the picture of gain against loss. */
  List<PathPoint> checkpoints() {
    List<PathPoint> points = new ArrayList<>();
    for (JsonNode stop : stops()) {
      if (scale(stop) == 1) {
        PathPoint.of(stop.path("name").asString(""), ledger(stop)).ifPresent(points::add);
      }
    }
    return fromBase("step 0", points);
  }

  /** The end's adapter by rising scale, up to 1 if it was scaled at all. */
  List<PathPoint> dial() {
    List<PathPoint> points = new ArrayList<>();
    Optional<JsonNode> end = Optional.empty();
    for (JsonNode stop : stops()) {
      if (scale(stop) == 1) {
        end = Optional.of(stop);
      } else {
        String label = "scale " + Numbers.fixed(scale(stop), 2);
        PathPoint.of(label, ledger(stop)).ifPresent(points::add);
      }
    }
    if (!points.isEmpty()) {
      end.flatMap(stop -> PathPoint.of("scale 1", ledger(stop))).ifPresent(points::add);
    }
    return fromBase("scale 0", points);
  }

  private static List<PathPoint> fromBase(String start, List<PathPoint> points) {
    if (!points.isEmpty()) {
      points.addFirst(PathPoint.base(start));
    }
    return points;
  }

  /** Every stop with each probe's change; empty if no path was measured. */
  Optional<Markup> table() {
    if (path.isEmpty()) {
      return Optional.empty();
    }
    Markup html = new Markup();
    List<LedgerView> ledgers = stops().stream().map(OverTime::ledger).toList();
    TreeSet<String> names = new TreeSet<>();
    ledgers.forEach(ledger -> ledger.probes().forEach(row -> names.add(row.name())));
    List<String> columns = new ArrayList<>(List.of("at"));
    names.forEach(name -> columns.add("\u0394 " + name));
    columns.add("KL, nats a token");
    columns.add("same likeliest token");
    Table table =
        Table.open(
            html,
            "Against the base, in percentage points (texts: bits a byte), 95\u00a0% intervals",
            columns.toArray(String[]::new));
    for (int i = 0; i < ledgers.size(); i++) {
      List<String> cells = new ArrayList<>();
      LedgerView ledger = ledgers.get(i);
      names.forEach(name -> cells.add(change(ledger, name)));
      Optional<LedgerView.Distance> moved = ledger.divergences().stream().findFirst();
      cells.add(moved.map(d -> Numbers.fine(d.natsPerToken())).orElse("\u2013"));
      cells.add(moved.map(d -> Numbers.percent(d.topAgreement())).orElse("\u2013"));
      table.row(stops().get(i).path("name").asString(""), cells.toArray(String[]::new));
    }
    table.close();
    unread(html, path.get());
    html.element(
        "p",
        "A path shown is no selection: to take a checkpoint or a scale because of it is one, and then"
            + " other items have to say what it lost.",
        "class",
        "note");
    return Optional.of(html);
  }

  /** Says which checkpoints are missing. */
  static void unread(Markup html, JsonNode document) {
    List<String> unread =
        document.path("unread_steps").valueStream().map(JsonNode::asString).toList();
    if (!unread.isEmpty()) {
      html.element(
          "p",
          "Checkpoints that were left out: step " + String.join(", ", unread) + ".",
          "class",
          "note");
    }
  }

  private static String change(LedgerView ledger, String name) {
    return ledger.probes().stream()
        .filter(row -> row.name().equals(name))
        .findFirst()
        .map(LedgerView.Row::all)
        .map(
            change ->
                change.counts().isPresent()
                    ? Numbers.points(change.delta()) + " " + Numbers.points(change.interval())
                    : Numbers.fineSigned(change.delta())
                        + " "
                        + change.interval().map(Numbers::fineSigned).orElse("none"))
        .orElse("\u2013");
  }

  private List<JsonNode> stops() {
    return path.map(document -> document.path("stops").valueStream().toList()).orElse(List.of());
  }

  private static double scale(JsonNode stop) {
    return stop.path("scale").asDouble(1);
  }

  private static LedgerView ledger(JsonNode stop) {
    return LedgerView.of(stop, List.of(), "");
  }
}
