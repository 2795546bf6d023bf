package dev.palimpsest.report;

import dev.palimpsest.measure.PathJson;
import dev.palimpsest.measure.RunLedger;
import dev.palimpsest.measure.SamplesJson;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;

/** The report of one run folder. */
final class RunReport {
  private final Path run;
  private final Optional<Path> recovery;
  private final JsonNode about;
  private final List<JsonNode> metrics;
  private final Optional<JsonNode> result;
  private final Optional<JsonNode> document;

  private RunReport(Path run, Optional<Path> recovery) {
    this.run = run;
    this.recovery = recovery;
    this.about = RunFolder.about(run);
    this.metrics = RunFolder.metrics(run);
    this.result = RunFolder.result(run);
    this.document = document(RunLedger.DOCUMENT, "palimpsest-ledger/1");
  }

  static ReportData of(Path run, Optional<Path> recovery) {
    return new RunReport(run, recovery).data();
  }

  private ReportData data() {
    String name = String.valueOf(run.toAbsolutePath().normalize().getFileName());
    Optional<LedgerView> ledger = ledger();
    List<LossPoint> curve = curve();
    OverTime time = time();
    ArmReport arm =
        new ArmReport(name, "", ledger, time.dial(), time.checkpoints(), curve, cost(), time);
    List<Fact> settings = new ArrayList<>();
    flatten("", about, settings);
    sides(settings);
    return new ReportData(
        "Run " + name, finding(curve, ledger, time), List.of(arm), List.of(), settings);
  }

  private String finding(List<LossPoint> curve, Optional<LedgerView> ledger, OverTime time) {
    StringBuilder text = new StringBuilder();
    if (curve.isEmpty()) {
      text.append("No step has been logged yet");
    } else {
      text.append(result.isPresent() ? "Finished" : "Not finished")
          .append(" after ")
          .append(Numbers.count(curve.getLast().step()))
          .append(" steps; the training loss went from ")
          .append(Numbers.fixed(curve.getFirst().train(), 3))
          .append(" to ")
          .append(Numbers.fixed(curve.getLast().train(), 3));
    }
    if (ledger.isEmpty()) {
      text.append("; no ledger was taken (ledger --after MODEL+")
          .append(run.resolve("adapter"))
          .append(" takes one)");
    }
    return text.append(outdated(time)).toString();
  }

  /** What was measured before the run went on. */
  private String outdated(OverTime time) {
    List<String> old = new ArrayList<>();
    Map<String, Optional<JsonNode>> taken = new LinkedHashMap<>();
    taken.put("ledger", document);
    taken.put("path", time.path());
    taken.put("samples", time.samples());
    taken.forEach(
        (name, each) -> {
          if (each.filter(found -> RunLedger.outdated(found, run)).isPresent()) {
            old.add(name);
          }
        });
    return old.isEmpty()
        ? "."
        : "; the run went on since: of an earlier adapter, and to be taken again: "
            + String.join(", ", old)
            + ".";
  }

  private Optional<LedgerView> ledger() {
    Path file = run.resolve(RunLedger.DOCUMENT);
    if (document.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          LedgerView.of(
              document.get(), lines(RunLedger.ITEMS), run.resolve(RunLedger.ITEMS).toString()));
    } catch (IllegalArgumentException e) {
      throw new BadInput(file + ": its numbers do not fit together: " + e.getMessage(), e);
    }
  }

  private OverTime time() {
    return new OverTime(
        document(PathJson.DOCUMENT, "palimpsest-path/1"),
        document(SamplesJson.DOCUMENT, "palimpsest-samples/1"),
        lines(SamplesJson.LINES),
        recovery.map(folder -> required(folder.resolve("recovery.json"), "palimpsest-recovery/1")));
  }

  /** A document of the run's folder, if it is there. */
  private Optional<JsonNode> document(String name, String format) {
    Path file = run.resolve(name);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    return Optional.of(required(file, format));
  }

  /** A document of this format. */
  static JsonNode required(Path file, String format) {
    JsonNode document = Json.read(file);
    String found = document.path("format").asString("");
    if (!found.equals(format)) {
      throw new BadInput(file + ": format is '" + found + "', expected '" + format + "'");
    }
    return document;
  }

  private List<JsonNode> lines(String name) {
    Path file = run.resolve(name);
    if (!Files.isRegularFile(file)) {
      return List.of();
    }
    List<JsonNode> lines = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(file)) {
        lines.add(Json.parse(line, file + ", line " + (lines.size() + 1)));
      }
    } catch (IOException e) {
      throw EnvironmentFailure.of(file + ": cannot be read", e);
    }
    return lines;
  }

  /** What the ledger holds against each other, where it says so. */
  private void sides(List<Fact> settings) {
    for (String side : List.of("before", "after")) {
      document
          .map(taken -> taken.path(side))
          .filter(JsonNode::isString)
          .ifPresent(name -> settings.add(new Fact("ledger, " + side, name.asString())));
    }
  }

  /** Steps whose loss is a number. */
  private List<LossPoint> curve() {
    List<LossPoint> points = new ArrayList<>();
    for (JsonNode line : metrics) {
      double loss = line.path("loss").asDouble(Double.NaN);
      if (Double.isFinite(loss)) {
        JsonNode heldOut = line.path("eval_loss");
        points.add(
            new LossPoint(
                line.path("step").asLong(0),
                loss,
                heldOut.isNumber()
                    ? OptionalDouble.of(heldOut.asDouble())
                    : OptionalDouble.empty()));
      }
    }
    return points;
  }

  private List<Fact> cost() {
    List<Fact> cost = new ArrayList<>();
    long tokens = metrics.stream().mapToLong(line -> line.path("tokens").asLong(0)).sum();
    long labels = metrics.stream().mapToLong(line -> line.path("label_tokens").asLong(0)).sum();
    cost.add(new Fact("steps", Numbers.count(metrics.size())));
    cost.add(new Fact("trained tokens", Numbers.count(tokens)));
    cost.add(new Fact("label tokens", Numbers.count(labels)));
    if (result.isPresent()) {
      JsonNode end = result.get();
      if (end.path("seconds").isNumber()) {
        cost.add(new Fact("time", Numbers.duration(end.path("seconds").asDouble())));
      }
      if (end.path("tokens_per_second").isNumber()) {
        double rate = end.path("tokens_per_second").asDouble();
        cost.add(new Fact("tokens a second", Numbers.fixed(rate, 1)));
      }
      if (end.path("peak_rss_bytes").isNumber()) {
        cost.add(new Fact("peak memory", Numbers.bytes(end.path("peak_rss_bytes").asLong())));
      }
    }
    return cost;
  }

  /** Objects become dotted names; a list is one value. */
  private static void flatten(String name, JsonNode node, List<Fact> facts) {
    if (node.isObject()) {
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        String inner = name.isEmpty() ? field.getKey() : name + "." + field.getKey();
        flatten(inner, field.getValue(), facts);
      }
    } else if (!node.isNull()) {
      facts.add(new Fact(name, node.isString() ? node.asString() : node.toString()));
    }
  }
}
