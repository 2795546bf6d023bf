package dev.palimpsest.report;

import dev.palimpsest.compare.Drift;
import dev.palimpsest.compare.Matched;
import dev.palimpsest.compare.Standing;
import dev.palimpsest.compare.Study;
import dev.palimpsest.compare.StudyResult;
import dev.palimpsest.compare.StudyResult.Row;
import dev.palimpsest.compare.StudyRun;
import dev.palimpsest.compare.StudyTask;
import dev.palimpsest.compare.StudyText;
import dev.palimpsest.measure.Interval;
import dev.palimpsest.run.AtomicFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/** A study's page: for each task its curves and the same in numbers. */
public final class StudyReport {
  private final StudyResult result;
  private final Markup html = new Markup();
  private int pictures;

  private StudyReport(StudyResult result) {
    this.result = result;
  }

  /** Writes the page. */
  public static void write(Path file, StudyResult result) {
    AtomicFile.write(file, new StudyReport(result).page());
  }

  private String page() {
    StudyRun.Asked asked = result.asked();
    String title = "Study of " + asked.study().word() + ": " + asked.study().setting();
    result.comparisons().keySet().forEach(this::task);
    settings();
    return PlainPage.of(title, finding(), html);
  }

  /** What is not yet done, else which doses lose less than the dose of none, beyond doubt. */
  private String finding() {
    if (!result.missing().isEmpty()) {
      return result.missing().size() + " runs are not done yet, the figures are of the others.";
    }
    List<String> less = new ArrayList<>();
    for (StudyTask task : result.comparisons().keySet()) {
      for (Row row : result.rows(task)) {
        row.lossLeft()
            .filter(share -> share.interval().map(i -> i.high() < 1).orElse(false))
            .ifPresent(
                share ->
                    less.add(
                        task.name()
                            + ", dose "
                            + row.dose().text()
                            + ": "
                            + share(Optional.of(share))));
      }
    }
    return less.isEmpty()
        ? result.asked().seeds().size() + " seeds a dose; intervals are over items and seeds."
        : "What is left of the divergence without replay, where it is less beyond doubt: "
            + String.join("; ", less)
            + ".";
  }

  private void task(StudyTask task) {
    List<Row> rows = result.rows(task);
    html.section("task-" + task.name(), task.name());
    if (!rows.isEmpty()) {
      html.element(
          "p", task.rows() + " rows, epochs: " + task.epochs() + ". The base is " + base(rows));
      picture("Gain, points", rows, row -> Optional.of(points(row.gain())));
      picture("KL(base\u2016arm), nats a token", rows, row -> row.drift().map(StudyReport::kl));
      table(task, rows);
      for (int i = 0; i < rows.getFirst().retention().size(); i++) {
        retention(rows, i);
      }
      result.matched(task).forEach(each -> html.element("p", told(each)));
    }
    html.closeLine();
  }

  private static String base(List<Row> rows) {
    Standing gain = rows.getFirst().gain();
    return "right on "
        + Numbers.percent(gain.after() - gain.delta())
        + " of the "
        + gain.probe().items().size()
        + " items that are to be gained.";
  }

  /** A value and its limits, in the picture's unit. */
  private record Value(double value, Optional<Interval> interval) {}

  private static Value points(Standing standing) {
    double factor = standing.probe().ofTexts() ? 1 : 100;
    return new Value(
        factor * standing.delta(),
        standing
            .interval()
            .map(i -> new Interval(factor * i.low(), factor * i.high(), i.method())));
  }

  private static Value kl(Drift drift) {
    return new Value(drift.kl(), drift.interval());
  }

  private void picture(String title, List<Row> rows, Function<Row, Optional<Value>> value) {
    List<String> series = rows.stream().map(row -> row.dose().series()).distinct().toList();
    List<CurvesPicture.Mark> marks = new ArrayList<>();
    for (Row row : rows) {
      value
          .apply(row)
          .ifPresent(
              some ->
                  marks.add(
                      new CurvesPicture.Mark(
                          row.dose().text(),
                          series.indexOf(row.dose().series()),
                          some.value,
                          some.interval)));
    }
    if (!marks.isEmpty()) {
      String across = result.asked().study().setting();
      CurvesPicture.Words words =
          new CurvesPicture.Words(title, across, List.of(), "with 95\u00a0% intervals.");
      html.add(CurvesPicture.of(words, marks, "picture-" + ++pictures));
    }
  }

  private void table(StudyTask task, List<Row> rows) {
    Table table =
        Table.open(
            html,
            "The doses of " + task.name(),
            "dose",
            "seeds",
            "replayed rows",
            "tokens",
            "gain, points",
            "gain kept",
            "KL, nats a token",
            "KL left",
            "\u0394 bits a byte");
    for (Row row : rows) {
      table.row(
          row.dose().text(),
          Numbers.count(row.seeds().size()),
          whole(row.replayed()),
          Numbers.count(Math.round(row.trainedTokens())),
          Numbers.points(row.gain().delta()) + " " + Numbers.points(row.gain().interval()),
          share(row.gainKept()),
          row.drift()
              .map(
                  d ->
                      Numbers.fine(d.kl())
                          + d.interval().map(i -> " " + Numbers.fine(i)).orElse(""))
              .orElse(""),
          share(row.lossLeft()),
          row.drift().flatMap(Drift::bits).map(StudyReport::bits).orElse(""));
    }
    table.close();
  }

  private static String whole(OptionalInt number) {
    return number.isPresent() ? Numbers.count(number.getAsInt()) : "";
  }

  private static String bits(Drift.Bits bits) {
    return Numbers.fineSigned(bits.delta())
        + bits.interval().map(i -> " " + Numbers.fineSigned(i)).orElse("");
  }

  private static String share(Optional<StudyResult.Share> share) {
    return share
        .map(
            some ->
                Numbers.percent(some.value())
                    + some.interval().map(i -> " " + Numbers.percent(i)).orElse(""))
        .orElse("");
  }

  private void retention(List<Row> rows, int i) {
    Standing first = rows.getFirst().retention().get(i);
    boolean texts = first.probe().ofTexts();
    String unit = texts ? "bits a byte (more is worse)" : "points, won less lost";
    String title = first.probe().name() + ", " + unit;
    html.element("h3", first.probe().name());
    picture(title, rows, row -> Optional.of(points(row.retention().get(i))));
    Table table = Table.open(html, title, "dose", "\u0394", "95\u00a0% interval", "lost", "won");
    for (Row row : rows) {
      Standing probe = row.retention().get(i);
      table.row(
          row.dose().text(),
          texts ? Numbers.fineSigned(probe.delta()) : Numbers.points(probe.delta()),
          texts
              ? probe.interval().map(Numbers::fineSigned).orElse("none")
              : Numbers.points(probe.interval()),
          texts ? "" : Numbers.fixed(probe.lost(), 1),
          texts ? "" : Numbers.fixed(probe.won(), 1));
    }
    table.close();
  }

  private static String told(Matched each) {
    return "At a gain of "
        + Numbers.points(each.gain())
        + " points: KL "
        + Numbers.fine(each.lora())
        + " by LoRA, "
        + Numbers.fine(each.full())
        + " by full tuning"
        + each.ratio()
            .map(
                ratio ->
                    "; full over LoRA "
                        + Numbers.fixed(ratio.value(), 2)
                        + ratio
                            .interval()
                            .map(
                                i ->
                                    " ["
                                        + Numbers.fixed(i.low(), 2)
                                        + ", "
                                        + Numbers.fixed(i.high(), 2)
                                        + "]")
                            .orElse("")
                        + ", "
                        + each.seeds()
                        + " seeds")
            .orElse("; no interval, too few seeds reach it by both")
        + ".";
  }

  private void settings() {
    StudyRun.Asked asked = result.asked();
    List<Fact> facts = new ArrayList<>();
    facts.add(new Fact("model", asked.model()));
    facts.add(new Fact("seeds", asked.seeds().toString()));
    facts.add(new Fact("options of tune", asked.options().toString()));
    if (!result.missing().isEmpty()) {
      facts.add(new Fact("not done yet", String.join("; ", result.missing())));
    }
    List<String> paragraphs = new ArrayList<>(List.of(StudyText.note(asked)));
    if (asked.study() == Study.FULL) {
      paragraphs.add(
          "Matched gain: between runs and the base, runs that another beats left out, along"
              + " straight lines.");
    }
    PlainPage.reading(html, facts, paragraphs);
  }
}
