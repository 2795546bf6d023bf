package dev.palimpsest.report;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** What became of a run's training samples: by state, by class, and one by one where it matters. */
final class SampleTable {
  private static final int MOST_LISTED = 40;

  private static final String[][] CLASSES = {
    {"known", "right under the base and at the end"},
    {"learned", "wrong under the base, right at the end"},
    {"forgotten", "wrong under the base and at the end, right at a checkpoint"},
    {"lost", "right under the base, wrong at the end"},
    {"never", "right in no state"}
  };

  private final JsonNode document;
  private final List<JsonNode> lines;
  private final Markup html = new Markup();

  private SampleTable(JsonNode document, List<JsonNode> lines) {
    this.document = document;
    this.lines = lines;
  }

  /** The tables; empty if samples were not measured. */
  static Optional<Markup> of(OverTime time) {
    return time.samples().map(document -> new SampleTable(document, time.lines()).write());
  }

  private Markup write() {
    JsonNode events = document.path("forgetting_events");
    html.element(
        "p",
        Numbers.count(document.path("n").asInt(0))
            + " samples, each right in a state if greedy decoding writes it. "
            + Numbers.count(document.path("unforgettable").asInt(0))
            + " were never forgotten once right; "
            + Numbers.count(events.path("samples").asInt(0))
            + " were forgotten at least once, "
            + Numbers.count(events.path("total").asInt(0))
            + " times in all; "
            + Numbers.count(document.path("rose").asInt(0))
            + " are worse at the end than under the base.");
    classes();
    states();
    OverTime.unread(html, document);
    singled();
    return html;
  }

  private void classes() {
    Map<String, List<JsonNode>> members = new HashMap<>();
    for (JsonNode line : lines) {
      members.computeIfAbsent(line.path("class").asString(""), _ -> new ArrayList<>()).add(line);
    }
    Map<String, List<Double>> means = new HashMap<>();
    members.forEach((name, some) -> means.put(name, means(some)));
    double most = most(means.values());
    int all = Math.max(1, document.path("n").asInt(0));
    Table table =
        Table.open(
            html,
            "Samples by what became of them; mean loss in nats a label",
            "class",
            "samples",
            "share",
            "loss, base",
            "loss, end",
            "over time",
            "meaning");
    for (String[] kind : CLASSES) {
      int count = document.path("classes").path(kind[0]).asInt(0);
      List<Double> mean = means.getOrDefault(kind[0], List.of());
      table
          .begin(kind[0])
          .cell(Numbers.count(count))
          .cell(Numbers.percent(count / (double) all))
          .cell(mean.isEmpty() ? "\u2013" : Numbers.fixed(mean.getFirst(), 3))
          .cell(mean.isEmpty() ? "\u2013" : Numbers.fixed(mean.getLast(), 3))
          .picture(mean.isEmpty() ? new Markup() : Sparkline.of(mean, most))
          .cell(kind[1])
          .end();
    }
    table.close();
  }

  private void states() {
    Table table =
        Table.open(
            html,
            "All samples by state of the run",
            "state",
            "mean loss, nats a label",
            "right",
            "labels that are the likeliest token");
    for (JsonNode state : document.path("states")) {
      table.row(
          state.path("name").asString(""),
          Numbers.fixed(state.path("loss").asDouble(0), 4),
          Numbers.count(state.path("right").asInt(0)),
          Numbers.percent(state.path("top").asDouble(0)));
    }
    table.close();
  }

  /** Those that rose, then those with the highest mean loss after the base. */
  private void singled() {
    Set<String> ids = new LinkedHashSet<>();
    document.path("rose_items").forEach(id -> ids.add(id.asString("")));
    document.path("worst_items").forEach(id -> ids.add(id.asString("")));
    Map<String, JsonNode> byId = new HashMap<>();
    lines.forEach(line -> byId.put(line.path("id").asString(""), line));
    List<JsonNode> found = ids.stream().filter(byId::containsKey).map(byId::get).toList();
    if (found.isEmpty()) {
      return;
    }
    List<JsonNode> shown = found.subList(0, Math.min(MOST_LISTED, found.size()));
    html.open("details", "class", "list");
    html.element(
        "summary",
        "Samples that rose, and those with the highest mean loss after the base: "
            + Numbers.count(shown.size())
            + (shown.size() < found.size()
                ? " of " + Numbers.count(found.size()) + "; samples.jsonl has all"
                : ""));
    double most = most(shown.stream().map(line -> numbers(line.path("loss"))).toList());
    Table table =
        Table.open(
            html,
            "Look at their labels first, then at rows that contradict them",
            "sample",
            "class",
            "labels",
            "loss, base",
            "loss, end",
            "over time",
            "forgotten, times");
    for (JsonNode line : shown) {
      List<Double> loss = numbers(line.path("loss"));
      table
          .begin(line.path("id").asString(""))
          .cell(
              line.path("class").asString("")
                  + (line.path("rose").asBoolean(false) ? ", rose" : ""))
          .cell(Numbers.count(line.path("labels").asInt(0)))
          .cell(Numbers.fixed(loss.getFirst(), 3))
          .cell(Numbers.fixed(loss.getLast(), 3))
          .picture(Sparkline.of(loss, most))
          .cell(Numbers.count(line.path("forgetting_events").asInt(0)))
          .end();
    }
    table.close();
    html.closeLine();
  }

  private static List<Double> means(List<JsonNode> lines) {
    int states = lines.stream().mapToInt(line -> line.path("loss").size()).min().orElse(0);
    List<Double> means = new ArrayList<>();
    for (int i = 0; i < states; i++) {
      int state = i;
      means.add(
          lines.stream()
              .mapToDouble(line -> line.path("loss").get(state).asDouble(0))
              .average()
              .orElse(0));
    }
    return means;
  }

  private static List<Double> numbers(JsonNode array) {
    return array.valueStream().map(value -> value.asDouble(0)).toList();
  }

  private static double most(Iterable<List<Double>> curves) {
    double most = 0;
    for (List<Double> curve : curves) {
      most = Math.max(most, curve.stream().mapToDouble(Double::doubleValue).max().orElse(0));
    }
    return most;
  }
}
