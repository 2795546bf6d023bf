package dev.palimpsest.report;

import dev.palimpsest.measure.Behaviour;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** How answers behaved, right or wrong, before and after, and what helps; {@code behaviour}. */
final class Answers {
  private static final String ARROW = " \u2192 ";

  private final Markup html = new Markup();
  private final Set<String> remedies = new LinkedHashSet<>();

  private Answers() {}

  /** A table, or the loops alone where a ledger tells no more; empty if nothing was answered. */
  static Optional<Markup> of(LedgerView ledger, String arm) {
    List<LedgerView.Row> told =
        ledger.probes().stream().filter(row -> behaviour(row).isObject()).toList();
    Answers answers = new Answers();
    answers.loops(ledger);
    if (!told.isEmpty()) {
      answers.table(told, arm);
      answers.remedies();
    }
    return ledger.probes().isEmpty() ? Optional.empty() : Optional.of(answers.html);
  }

  private static JsonNode behaviour(LedgerView.Row row) {
    return row.document().path("behaviour");
  }

  private void loops(LedgerView ledger) {
    int before = 0;
    int after = 0;
    for (LedgerView.Row row : ledger.probes()) {
      before += row.document().path("loops_before").asInt(0);
      after += row.document().path("loops_after").asInt(0);
    }
    html.element(
        "p",
        "Answers that ended in endless repetition: "
            + Numbers.count(before)
            + " before, "
            + Numbers.count(after)
            + " after.");
    if (after > before) {
      remedies.add("Loops grew: " + Behaviour.AGAINST_LOOPS + ".");
    }
  }

  private void table(List<LedgerView.Row> rows, String arm) {
    Table table =
        Table.open(
            html,
            "Written answers of " + arm + ", before \u2192 after",
            "probe",
            "answers",
            "ended by themselves",
            "loops",
            "refusals",
            "empty",
            "middle length, characters",
            "other language",
            "languages");
    for (LedgerView.Row row : rows) {
      JsonNode behaviour = behaviour(row);
      table.row(
          row.name(),
          Numbers.count(behaviour.path("answers").asInt(0)),
          both(behaviour, "ended"),
          both(behaviour, "loops"),
          both(behaviour, "refusals"),
          both(behaviour, "empty"),
          both(behaviour, "median_characters"),
          Numbers.count(behaviour.path("language_changed").asInt(0)),
          languages(behaviour.path("before")) + ARROW + languages(behaviour.path("after")));
      remedies(row.name(), behaviour);
    }
    table.close();
    html.element(
        "p",
        "Ended: before the limit of tokens. Refusals are known by an English rule, languages by"
            + " script and commonest words; short answers and code are not told.",
        "class",
        "note");
  }

  private void remedies(String probe, JsonNode behaviour) {
    if (grew(behaviour, "ended") < 0) {
      remedies.add(
          "Fewer answers end by themselves on "
              + probe
              + ": see that completions in the training data end with the end-of-turn token"
              + " (check), and that --max-tokens is no shorter than they are.");
    }
    if (grew(behaviour, "refusals") > 0) {
      remedies.add(
          "More refusals on "
              + probe
              + ": look for refusals among the training data's completions, and replay answers of"
              + " the base to such prompts.");
    }
    if (grew(behaviour, "empty") > 0) {
      remedies.add(
          "More empty answers on "
              + probe
              + ": look for empty completions, and for prompts that were cut, in the training data.");
    }
    if (behaviour.path("language_changed").asInt(0) > 0) {
      remedies.add(
          "Answers in another language on "
              + probe
              + ": see which languages the training data answers in; replay in the others holds"
              + " them.");
    }
  }

  private void remedies() {
    if (!remedies.isEmpty()) {
      html.element("h4", "What to look at").open("ul");
      remedies.forEach(remedy -> html.element("li", remedy));
      html.closeLine();
    }
  }

  private static double grew(JsonNode behaviour, String field) {
    return behaviour.path("after").path(field).asDouble(0)
        - behaviour.path("before").path(field).asDouble(0);
  }

  private static String both(JsonNode behaviour, String field) {
    return one(behaviour.path("before").path(field).asDouble(0))
        + ARROW
        + one(behaviour.path("after").path(field).asDouble(0));
  }

  private static String one(double value) {
    return Numbers.fixed(value, value == Math.rint(value) ? 0 : 1);
  }

  private static String languages(JsonNode side) {
    List<String> found = new ArrayList<>();
    side.path("languages").properties().stream()
        .sorted((a, b) -> b.getValue().asInt(0) - a.getValue().asInt(0))
        .forEach(each -> found.add(each.getKey() + " " + Numbers.count(each.getValue().asInt(0))));
    return found.isEmpty() ? "none told" : found.stream().collect(Collectors.joining(", "));
  }
}
