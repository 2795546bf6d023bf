package dev.palimpsest.report;

import dev.palimpsest.measure.Interval;
import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.BadInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * A sequence's page: what became of each task as others were learned after it, course by course.
 * Made from the sequence's document, docs/formats/sequence.md.
 */
public final class SequenceReport {
  /** In a sequence's folder. */
  private static final String DOCUMENT = "sequence.json";

  private static final int SHADES = 4;

  private final JsonNode document;
  private final Markup html = new Markup();

  private SequenceReport(JsonNode document) {
    this.document = document;
  }

  /**
   * Writes the page.
   *
   * @param folder of the sequence, with its document
   * @throws dev.palimpsest.run.BadInput naming the document, if it is no sequence's
   * @throws dev.palimpsest.run.EnvironmentFailure if the page cannot be written
   */
  public static void write(Path file, Path folder) {
    Path source = folder.resolve(DOCUMENT);
    JsonNode document = RunReport.required(source, "palimpsest-sequence/1");
    try {
      AtomicFile.write(file, page(document));
    } catch (IllegalArgumentException e) {
      throw new BadInput(source + ": its parts do not fit together: " + e.getMessage(), e);
    }
  }

  /** Whether a folder is a sequence's. */
  public static boolean isAbout(Path folder) {
    return Files.isRegularFile(folder.resolve(DOCUMENT));
  }

  static String page(JsonNode document) {
    return new SequenceReport(document).page();
  }

  /** One course: rates by stage and task, both in the order learned. */
  private record Course(
      String title,
      List<String> order,
      List<Double> base,
      List<List<Double>> rates,
      JsonNode node) {
    Course {
      int tasks = order.size();
      if (tasks == 0
          || base.size() != tasks
          || rates.size() != tasks
          || rates.stream().anyMatch(row -> row.size() != tasks)
          || node.path("stages").size() != tasks) {
        throw new IllegalArgumentException(title + ": " + tasks + " tasks, other stages or rates");
      }
    }

    static Course of(JsonNode node) {
      List<String> order = node.path("order").valueStream().map(JsonNode::asString).toList();
      return new Course(
          String.join(" \u2192 ", order) + ", seed " + node.path("seed").asLong(0),
          order,
          doubles(node.path("base")),
          node.path("matrix").valueStream().map(Course::doubles).toList(),
          node);
    }

    private static List<Double> doubles(JsonNode row) {
      return row.valueStream().map(JsonNode::asDouble).toList();
    }

    /** What a task's items did between the stage that learned it and a later one. */
    Optional<LedgerView.Change> since(int stage, String task) {
      return LedgerView.part(node.path("stages").path(stage).path("since_learned"), task);
    }

    List<LedgerView> ledgers() {
      return node.path("stages")
          .valueStream()
          .map(stage -> LedgerView.of(stage.path("ledger"), List.of(), ""))
          .toList();
    }
  }

  private String page() {
    List<Course> courses = document.path("courses").valueStream().map(Course::of).toList();
    if (courses.isEmpty()) {
      throw new IllegalArgumentException("no courses");
    }
    cards(document.path("mean"), courses.size());
    if (courses.size() > 1) {
      numbers(courses);
    }
    for (int i = 0; i < courses.size(); i++) {
      html.section("course-" + (i + 1), courses.get(i).title);
      matrix(courses.get(i));
      picture(courses.get(i), "picture-" + (i + 1));
      retention(courses.get(i));
      html.closeLine();
    }
    reading(courses);
    return PlainPage.of("Tasks learned one after the other", finding(courses), html);
  }

  private String finding(List<Course> courses) {
    JsonNode mean = document.path("mean");
    String of =
        courses.size() == 1
            ? courses.getFirst().title + ": "
            : courses.size() + " courses of " + courses.getFirst().order.size() + " tasks: ";
    return of
        + "after the last stage "
        + Numbers.percent(mean.path("accuracy").asDouble(0))
        + " of the tasks' items are right. Once learned, a task changed by "
        + Numbers.points(mean.path("backward_transfer").asDouble(0))
        + " points while others were learned "
        + Numbers.points(limits(mean, "backward_transfer"))
        + ": "
        + switch (way(mean, "backward_transfer")) {
          case UP -> "it even rose, beyond doubt.";
          case DOWN -> "some of it was forgotten, beyond doubt.";
          case OPEN -> "neither forgetting nor a gain is beyond doubt.";
        };
  }

  private static Optional<Interval> limits(JsonNode summary, String field) {
    JsonNode limits = summary.path(field + "_ci95");
    return limits.size() == 2
        ? Optional.of(
            new Interval(
                limits.get(0).asDouble(), limits.get(1).asDouble(), Interval.Method.BOOTSTRAP))
        : Optional.empty();
  }

  private static Verdict.Way way(JsonNode summary, String field) {
    return Verdict.Way.of(limits(summary, field));
  }

  private void cards(JsonNode mean, int courses) {
    html.open("section", "class", "cards", "aria-labelledby", "verdict-heading");
    html.element("h2", "In four numbers", "id", "verdict-heading", "class", "hidden");
    String over = courses > 1 ? "mean of " + courses + " courses" : "one course";
    card("none", "Accuracy", Numbers.percent(mean.path("accuracy").asDouble(0)), "at the end");
    beneath(limits(mean, "accuracy").map(Numbers::percent), over);
    change(mean, "backward_transfer", "Backward transfer", "what later stages did to a task");
    change(mean, "forward_transfer", "Forward transfer", "what earlier stages did for a task");
    card(
        "none",
        "Forgetting",
        Numbers.points(mean.path("forgetting").asDouble(0)) + " points",
        "from a task's best to the end");
    beneath(limits(mean, "forgetting").map(Numbers::points), "chance alone makes it larger than 0");
    html.closeLine();
  }

  private void change(JsonNode mean, String field, String heading, String words) {
    Verdict.Way way = way(mean, field);
    card(
        way.colour(),
        heading,
        Numbers.points(mean.path(field).asDouble(0)) + " points",
        way.sign + " " + (way == Verdict.Way.OPEN ? "undecided" : "beyond doubt"));
    beneath(limits(mean, field).map(Numbers::points), words);
  }

  private void card(String colour, String heading, String value, String words) {
    Verdict.openCard(html, colour, heading, value, words);
  }

  private void beneath(Optional<String> limits, String words) {
    html.element("p", limits.map(text -> "95\u00a0% interval " + text).orElse("no interval"));
    html.element("p", words).closeLine();
  }

  private void numbers(List<Course> courses) {
    html.section("numbers", "Course by course");
    Table table =
        Table.open(
            html,
            "Each with its 95\u00a0% interval; transfer and forgetting in percentage points",
            "course",
            "accuracy",
            "backward transfer",
            "forgetting",
            "forward transfer");
    courses.forEach(course -> numbers(table, course.title, course.node.path("summary")));
    numbers(table, "mean", document.path("mean"));
    table.close();
    html.closeLine();
  }

  private static void numbers(Table table, String name, JsonNode summary) {
    table.row(
        name,
        Numbers.percent(summary.path("accuracy").asDouble(0))
            + limits(summary, "accuracy").map(i -> " " + Numbers.percent(i)).orElse(""),
        points(summary, "backward_transfer"),
        points(summary, "forgetting"),
        points(summary, "forward_transfer"));
  }

  private static String points(JsonNode summary, String field) {
    return Numbers.points(summary.path(field).asDouble(0))
        + limits(summary, field).map(i -> " " + Numbers.points(i)).orElse("");
  }

  private void matrix(Course course) {
    List<String> columns = new ArrayList<>(List.of("after"));
    columns.addAll(course.order);
    Table table =
        Table.open(
            html,
            "Right items by stage and task; beneath, the change since the task was learned, points",
            columns.toArray(String[]::new));
    table.begin("the model");
    course.base.forEach(rate -> table.shaded(Numbers.percent(rate), "", shade(rate), ""));
    table.end();
    for (int stage = 0; stage < course.rates.size(); stage++) {
      table.begin(stage(course, stage));
      for (int task = 0; task < course.order.size(); task++) {
        double rate = course.rates.get(stage).get(task);
        String beneath =
            stage == task
                ? "learned here"
                : course
                    .since(stage, course.order.get(task))
                    .map(each -> signed(way(each), told(each)))
                    .orElse("");
        String kind = stage == task ? " learned" : "";
        table.shaded(Numbers.percent(rate), beneath, shade(rate), kind);
      }
      table.end();
    }
    table.close();
  }

  /** A change with the sign that its interval gives it, where that says anything. */
  private static String signed(Verdict.Way way, String change) {
    return way == Verdict.Way.OPEN ? change : way.sign + " " + change;
  }

  private static String told(LedgerView.Change change) {
    return change.counts().isPresent()
        ? Numbers.points(change.delta()) + " " + Numbers.points(change.interval())
        : Numbers.fineSigned(change.delta())
            + change.interval().map(i -> " " + Numbers.fineSigned(i)).orElse("");
  }

  /** Up is better; more bits are worse. */
  private static Verdict.Way way(LedgerView.Change change) {
    return Verdict.Way.of(
        change.counts().isPresent() ? change.interval() : change.interval().map(i -> i.times(-1)));
  }

  private static int shade(double share) {
    return share > 0 ? Math.min(SHADES, 1 + (int) (SHADES * share)) : 0;
  }

  private static String stage(Course course, int stage) {
    return (stage + 1) + " \u00b7 " + course.order.get(stage);
  }

  private void picture(Course course, String id) {
    List<CurvesPicture.Mark> marks = new ArrayList<>();
    for (int task = 0; task < course.order.size(); task++) {
      marks.add(mark("the model", task, course.base.get(task), Optional.empty()));
      double learned = course.rates.get(task).get(task);
      for (int stage = 0; stage < course.rates.size(); stage++) {
        Optional<Interval> change =
            course
                .since(stage, course.order.get(task))
                .flatMap(LedgerView.Change::interval)
                .map(i -> new Interval(learned + i.low(), learned + i.high(), i.method()));
        marks.add(mark(stage(course, stage), task, course.rates.get(stage).get(task), change));
      }
    }
    html.add(
        CurvesPicture.of(
            new CurvesPicture.Words(
                "Right items of each task, percent",
                "stage",
                course.order,
                "stage by stage; bars: where the change since it was learned lies, at 95\u00a0%."),
            marks,
            id));
  }

  private static CurvesPicture.Mark mark(
      String place, int task, double rate, Optional<Interval> limits) {
    return new CurvesPicture.Mark(
        place,
        task,
        100 * rate,
        limits.map(i -> new Interval(100 * i.low(), 100 * i.high(), i.method())));
  }

  /** Probes that are no task's. */
  private void retention(Course course) {
    List<LedgerView> ledgers = course.ledgers();
    List<String> columns = new ArrayList<>(List.of("probe", "the model"));
    for (int stage = 0; stage < ledgers.size(); stage++) {
      columns.add(stage(course, stage));
    }
    List<String> names =
        ledgers.getFirst().probes().stream()
            .map(LedgerView.Row::name)
            .filter(name -> !course.order.contains(name))
            .toList();
    if (names.isEmpty()) {
      return;
    }
    html.element("h3", "What no task was meant to move");
    Table table =
        Table.open(
            html,
            "Right items, percent (texts: bits a byte); beneath, the change against the model",
            columns.toArray(String[]::new));
    for (String name : names) {
      List<LedgerView.Change> changes =
          ledgers.stream().map(ledger -> change(ledger, name)).toList();
      table.begin(name).cell(level(changes.getFirst().before(), changes.getFirst()));
      for (LedgerView.Change change : changes) {
        Verdict.Way way = way(change);
        table.shaded(level(change.after(), change), signed(way, told(change)), tint(way), "");
      }
      table.end();
    }
    table.close();
  }

  private static LedgerView.Change change(LedgerView ledger, String probe) {
    return ledger.probes().stream()
        .filter(row -> row.name().equals(probe))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no probe " + probe + " in a stage"))
        .all();
  }

  private static String level(double value, LedgerView.Change change) {
    return change.counts().isPresent() ? Numbers.percent(value) : Numbers.fine(value);
  }

  /** Only what is beyond doubt has a colour. */
  private static int tint(Verdict.Way way) {
    return switch (way) {
      case UP -> 2;
      case DOWN -> -2;
      case OPEN -> 0;
    };
  }

  private void reading(List<Course> courses) {
    List<Fact> facts = new ArrayList<>();
    facts.add(new Fact("model", document.path("model").asString("")));
    facts.add(new Fact("mode", document.path("mode").asString("")));
    for (Course course : courses) {
      List<String> tokens = new ArrayList<>();
      for (JsonNode stage : course.node.path("stages")) {
        tokens.add(
            stage.path("task").asString("")
                + " "
                + Numbers.count(stage.path("trained_tokens").asLong(0)));
      }
      facts.add(new Fact("trained tokens, " + course.title, String.join(", ", tokens)));
    }
    PlainPage.reading(
        html,
        facts,
        List.of(
            "Every stage is asked the same items of all tasks. Shades go from 0 to all items"
                + " right.",
            "Accuracy: mean over tasks after the last stage. Backward transfer: mean over all tasks"
                + " but the last of the rate at the end less that after the stage that learned it."
                + " Forward transfer: mean over all tasks but the first of the rate before its own"
                + " stage less the model's. Forgetting: mean over all tasks but the last of its"
                + " best rate after an earlier stage less that at the end.",
            "Their intervals are percentiles of a bootstrap over items: they speak of other items,"
                + " not of other seeds or orders. Forgetting's takes the best stage as given. The"
                + " intervals in tables are the ledger's, paired, 95\u00a0% each, not corrected for"
                + " their number. \u25b2 stands for better, \u25bc for worse, where an interval"
                + " leaves out 0."));
  }
}
