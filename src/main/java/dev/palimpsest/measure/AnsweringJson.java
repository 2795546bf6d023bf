package dev.palimpsest.measure;

import dev.palimpsest.run.Json;
import tools.jackson.databind.node.ObjectNode;

/** What written answers show, in the ledger's document. */
final class AnsweringJson {
  private AnsweringJson() {}

  /** Adds {@code behaviour}, and {@code score} where there is one. */
  static void add(Answering answering, ObjectNode probe) {
    answering.score().ifPresent(score -> probe.set("score", score(score)));
    ObjectNode behaviour = probe.putObject("behaviour");
    behaviour.put("answers", answering.behaviour().before().answers());
    behaviour.set("before", behaviour(answering.behaviour().before()));
    behaviour.set("after", behaviour(answering.behaviour().after()));
    behaviour.put("language_changed", answering.behaviour().languageChanged());
  }

  private static ObjectNode behaviour(Behaviour of) {
    ObjectNode node = Json.mapper().createObjectNode();
    node.put("ended", of.ended()).put("loops", of.loops()).put("refusals", of.refusals());
    node.put("empty", of.empty()).put("median_characters", of.medianCharacters());
    ObjectNode languages = node.putObject("languages");
    of.languages().forEach(languages::put);
    return node;
  }

  private static ObjectNode score(MeanScore score) {
    ObjectNode node = Json.mapper().createObjectNode();
    node.put("before", score.before()).put("after", score.after());
    node.put("delta", score.change().value());
    LedgerJson.interval(node, score.change().interval());
    return node;
  }

  static ObjectNode judged(Judged judged) {
    JudgeTally tally = judged.tally();
    ObjectNode node = Json.mapper().createObjectNode();
    node.put("probe", judged.probe()).put("judge", judged.judge());
    node.put("compared", tally.compared()).put("turned_by_order", tally.turned());
    node.put("labelled", tally.labelled());
    if (tally.labelled() == 0) {
      return node.putNull("agreement").putNull("kappa");
    }
    node.put("agreement", (double) tally.agreed() / tally.labelled());
    double kappa = tally.kappa();
    return Double.isNaN(kappa) ? node.putNull("kappa") : node.put("kappa", kappa);
  }

  static ObjectNode skipped(Skipped skipped) {
    ObjectNode node = Json.mapper().createObjectNode();
    node.put("probe", skipped.probe()).put("reason", skipped.reason());
    skipped.ids().forEach(node.putArray("items")::add);
    return node;
  }
}
