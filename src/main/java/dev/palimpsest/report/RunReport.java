package dev.palimpsest.report;

import dev.palimpsest.measure.RunLedger;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;

/** The report of one run folder. */
final class RunReport {
  private static final String OUTDATED =
      "; the run went on after this ledger was taken: it is of an earlier adapter, take it again.";
  private static final String LEDGER_FORMAT = "palimpsest-ledger/1";

  private final Path run;
  private final JsonNode about;
  private final List<JsonNode> metrics;
  private final Optional<JsonNode> result;
  private final Optional<JsonNode> document;

  private RunReport(Path run) {
    this.run = run;
    this.about = RunFolder.about(run);
    this.metrics = RunFolder.metrics(run);
    this.result = RunFolder.result(run);
    Path ledger = run.resolve(RunLedger.DOCUMENT);
    this.document = Files.isRegularFile(ledger) ? Optional.of(Json.read(ledger)) : Optional.empty();
  }

  static ReportData of(Path run) {
    return new RunReport(run).data();
  }

  private ReportData data() {
    String name = String.valueOf(run.toAbsolutePath().normalize().getFileName());
    Optional<LedgerView> ledger = ledger();
    List<LossPoint> curve = curve();
    ArmReport arm = new ArmReport(name, "", ledger, List.of(), List.of(), curve, cost());
    List<Fact> settings = new ArrayList<>();
    flatten("", about, settings);
    sides(settings);
    return new ReportData("Run " + name, finding(curve, ledger), List.of(arm), List.of(), settings);
  }

  private String finding(List<LossPoint> curve, Optional<LedgerView> ledger) {
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
      return text.append("; no ledger was taken.").toString();
    }
    boolean outdated = document.filter(taken -> RunLedger.outdated(taken, run)).isPresent();
    return text.append(outdated ? OUTDATED : ".").toString();
  }

  private Optional<LedgerView> ledger() {
    Path file = run.resolve(RunLedger.DOCUMENT);
    if (document.isEmpty()) {
      return Optional.empty();
    }
    String format = document.get().path("format").asString("");
    if (!format.equals(LEDGER_FORMAT)) {
      throw new BadInput(file + ": format is '" + format + "', expected '" + LEDGER_FORMAT + "'");
    }
    try {
      return Optional.of(LedgerView.of(document.get(), items(), run.resolve(RunLedger.ITEMS).toString()));
    } catch (IllegalArgumentException e) {
      throw new BadInput(file + ": its numbers do not fit together: " + e.getMessage(), e);
    }
  }

  private List<JsonNode> items() {
    Path file = run.resolve(RunLedger.ITEMS);
    if (!Files.isRegularFile(file)) {
      return List.of();
    }
    List<JsonNode> items = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(file)) {
        items.add(Json.parse(line, file + ", line " + (items.size() + 1)));
      }
    } catch (IOException e) {
      throw EnvironmentFailure.of(file + ": cannot be read", e);
    }
    return items;
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
