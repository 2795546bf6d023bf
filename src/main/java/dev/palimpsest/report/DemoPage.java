package dev.palimpsest.report;

import dev.palimpsest.compare.DemoResult;
import dev.palimpsest.measure.Divergence;
import dev.palimpsest.measure.ItemRow;
import dev.palimpsest.measure.Outcome;
import dev.palimpsest.measure.PairedCounts;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The demonstration as a page: what was gained, what was overwritten, and where to see it. */
record DemoPage(DemoResult result, String style) {
  /** Items of one list; the number of those left out is told. */
  private static final int SHOWN = 60;

  String html() {
    String body = header() + picture() + arms() + dial() + items() + texts() + settings();
    return Html.page("Palimpsest: what was written, what was overwritten", style, body);
  }

  private String header() {
    StringBuilder finding = new StringBuilder();
    for (DemoResult.Arm arm : result.arms()) {
      PairedCounts gain = Frontier.counts(arm, ProbeKind.GAIN);
      PairedCounts kept = Frontier.counts(arm, ProbeKind.RETENTION);
      finding.append(
          "<li><strong>%s</strong>: %s on %d held-out items (%s); on %d retention items it lost %d and won %d, %s (%s).</li>"
              .formatted(
                  Html.text(arm.name()),
                  Frontier.points(gain.delta()),
                  gain.n(),
                  percent(gain),
                  kept.n(),
                  kept.lost(),
                  kept.won(),
                  Frontier.points(kept.delta()),
                  percent(kept)));
    }
    return """
        <h1>What was written, what was overwritten</h1>
        <p class="lead">%s was tuned on two tasks over 28,000 airports: <em>form</em> (a question in English becomes one SQL query, graded by running it) and <em>facts</em> (in which city is the airport with this code), each with and without replay of text that the model itself had written. The same items were asked before and after.</p>
        <ul>%s</ul>
        <p class="note">Intervals are paired and hold 95 %%. Nothing is called lost or kept without one.</p>
        """
        .formatted(Html.text(result.model()), finding);
  }

  private static String percent(PairedCounts counts) {
    return Html.signed(100 * counts.interval().low(), 1)
        + " … "
        + Html.signed(100 * counts.interval().high(), 1);
  }

  private String picture() {
    return """
        <h2>Gain against loss</h2>
        <figure>%s<figcaption>Each mark is one arm. Up is more gained on held-out items of its task; left of the line is more lost on the %d items of the retention probes. The bars are 95 %% intervals.</figcaption></figure>
        """
        .formatted(
            Frontier.svg(Frontier.marks(result)),
            Frontier.counts(result.arms().getFirst(), ProbeKind.RETENTION).n());
  }

  private String arms() {
    StringBuilder out = new StringBuilder("<h2>The ledger</h2>\n");
    for (DemoResult.Arm arm : result.arms()) {
      List<List<String>> rows = new ArrayList<>();
      for (ProbeResult probe : arm.ledger().probes()) {
        rows.add(row(probe.probe().name(), kind(probe), probe.outcome()));
        probe
            .slices()
            .forEach(
                (name, outcome) -> {
                  if (probe.probe().kind() == ProbeKind.GAIN) {
                    rows.add(row("· " + name, "slice", outcome));
                  }
                });
      }
      out.append("<h3>").append(Html.text(arm.name())).append("</h3>\n");
      out.append(
          Html.table(
              "trained on %,d tokens in %.0f s, %.0f tokens a second"
                  .formatted(
                      arm.training().trainedTokens(),
                      arm.training().seconds(),
                      arm.training().tokensPerSecond()),
              List.of(
                  "probe",
                  "kind",
                  "n",
                  "before",
                  "after",
                  "Δ points",
                  "95 % interval",
                  "lost",
                  "won",
                  "p"),
              rows));
      arm.ledger().divergence().ifPresent(d -> out.append(divergence(d)));
    }
    return out.toString();
  }

  private static String kind(ProbeResult probe) {
    return probe.probe().kind().name().toLowerCase(Locale.ROOT);
  }

  private static List<String> row(String name, String kind, Outcome outcome) {
    List<String> cells = new ArrayList<>();
    cells.add(Html.text(name));
    cells.add(kind);
    cells.add(String.valueOf(outcome.n()));
    cells.add(Html.plain(100 * outcome.before(), 1));
    cells.add(Html.plain(100 * outcome.after(), 1));
    String side = outcome.delta() < 0 ? "down" : "up";
    cells.add("<span class=%s>%s</span>".formatted(side, Html.signed(100 * outcome.delta(), 1)));
    cells.add(Frontier.interval(outcome.interval(), 100, 1));
    if (outcome instanceof Outcome.Rates rates) {
      cells.add(String.valueOf(rates.counts().lost()));
      cells.add(String.valueOf(rates.counts().won()));
      cells.add(String.format(Locale.ROOT, "%.2g", rates.counts().mcnemarP()));
    }
    return cells;
  }

  private static String divergence(Divergence d) {
    return "<p class=note>Along %s (%d tokens): KL(base‖tuned) %s nats a token (%s), %s → %s bits a byte, the same likeliest token at %s %% of the positions.</p>\n"
        .formatted(
            Html.text(d.on()),
            d.tokens(),
            Html.plain(d.klNatsPerToken().value(), 4),
            Frontier.interval(d.klNatsPerToken().interval(), 1, 4),
            Html.plain(d.bits().before(), 4),
            Html.plain(d.bits().after(), 4),
            Html.plain(100 * d.topAgreement(), 1));
  }

  private String dial() {
    List<List<String>> rows = new ArrayList<>();
    for (DemoResult.Point point : result.dial()) {
      rows.add(
          List.of(
              Html.plain(point.scale(), 2),
              Html.plain(100 * point.gain(), 1),
              Html.plain(100 * point.retention(), 1)));
    }
    DemoResult.Point any = result.dial().getFirst();
    return "<h2>The dial</h2>\n"
        + Html.table(
            "the first arm's adapter, its scale multiplied: %% right on %d development items of the task and on %d retention items"
                .formatted(any.gainItems(), any.items())
                .replace("%%", "%"),
            List.of("scale", "task", "retention"),
            rows);
  }

  private String items() {
    StringBuilder out = new StringBuilder("<h2>Lost and won, item by item</h2>\n");
    for (DemoResult.Arm arm : result.arms()) {
      List<ItemRow> lost = new ArrayList<>();
      List<ItemRow> won = new ArrayList<>();
      int loops = 0;
      for (ProbeResult probe : arm.ledger().probes()) {
        probe.rows().stream().filter(row -> row.before() > row.after()).forEach(lost::add);
        probe.rows().stream().filter(row -> row.before() < row.after()).forEach(won::add);
        loops += probe.loopsAfter();
      }
      out.append("<h3>").append(Html.text(arm.name())).append("</h3>\n");
      out.append(list("lost", lost)).append(list("won", won));
      out.append("<p class=note>Answers that ended in a loop: ").append(loops).append(".</p>\n");
    }
    return out.toString();
  }

  private String list(String word, List<ItemRow> rows) {
    StringBuilder out = new StringBuilder("<details><summary>");
    out.append(rows.size()).append(' ').append(word);
    if (rows.size() > SHOWN) {
      out.append(", the first ").append(SHOWN).append(" shown");
    }
    out.append("</summary><div class=scroll><table class=words><thead><tr>");
    for (String head : List.of("item", "asked", "before", "after")) {
      out.append("<th scope=col>").append(head).append("</th>");
    }
    out.append("</tr></thead><tbody>");
    for (ItemRow row : rows.subList(0, Math.min(SHOWN, rows.size()))) {
      String name = row.probe() + "/" + row.id();
      out.append(
          "<tr><th scope=row>%s</th><td>%s</td><td>%s</td><td>%s</td></tr>"
              .formatted(
                  Html.text(name),
                  Html.text(result.prompts().getOrDefault(name, "")),
                  Html.text(row.answerBefore().orElse("")),
                  Html.text(row.answerAfter().orElse(""))));
    }
    return out.append("</tbody></table></div></details>\n").toString();
  }

  private String texts() {
    StringBuilder out =
        new StringBuilder(
            """
            <h2>The model's own text, under the change</h2>
            <p class="note">Text that the base wrote by itself. Each token is coloured by how its log-probability changed: <span class="key" style="background:rgba(214,96,48,.75)"></span> less likely now, <span class="key" style="background:rgba(38,132,176,.75)"></span> more likely. The numbers (nats, before and after) show where the pointer rests.</p>
            """);
    for (DemoResult.Text text : result.texts()) {
      out.append("<h3>").append(Html.text(text.arm())).append("</h3><p class=written>");
      out.append(Html.text(text.tokens().getFirst()));
      for (int i = 1; i < text.tokens().size(); i++) {
        out.append(token(text.tokens().get(i), text.before().get(i - 1), text.after().get(i - 1)));
      }
      out.append("</p>\n");
    }
    return out.toString();
  }

  private static String token(String token, double before, double after) {
    double change = after - before;
    double strength = Math.min(0.85, Math.abs(change) / 2);
    String title = Html.plain(before, 2) + " → " + Html.plain(after, 2);
    if (strength < 0.03) {
      return "<span title=\"" + title + "\">" + Html.text(token) + "</span>";
    }
    String colour = change < 0 ? "214,96,48" : "38,132,176";
    return "<span style=\"background:rgba(%s,%s)\" title=\"%s\">%s</span>"
        .formatted(colour, String.format(Locale.ROOT, "%.2f", strength), title, Html.text(token));
  }

  private String settings() {
    List<List<String>> rows = new ArrayList<>();
    for (Map.Entry<String, String> fact : result.facts().entrySet()) {
      rows.add(
          List.of(Html.text(fact.getKey()), "<span>" + Html.text(fact.getValue()) + "</span>"));
    }
    return "<h2>Settings and cost</h2>\n"
        + Html.table("how these figures were made", List.of("what", "value"), rows);
  }
}
