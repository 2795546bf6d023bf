package dev.palimpsest.measure;

import dev.palimpsest.run.Json;
import dev.palimpsest.run.Progress;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/**
 * How much of what a tuned model does its extracted adapter does, along texts.
 *
 * @param missed KL(tuned‖base with the adapter)
 * @param whole KL(tuned‖base), of which {@code missed} is a part
 * @param moved KL(base‖tuned), as a ledger has it
 */
public record Captured(Divergence missed, Divergence whole, Divergence moved) {
  /**
   * Measures it.
   *
   * @param on what the texts are
   */
  static Captured along(
      String on,
      List<int[]> texts,
      TunedModel tuned,
      TunedModel base,
      TunedModel extracted,
      Progress progress) {
    List<KlDivergence.Passage> passages = BaseTexts.passages(texts);
    return new Captured(
        KlDivergence.between(tuned, extracted, progress).along(on, passages),
        KlDivergence.between(tuned, base, progress).along(on, passages),
        KlDivergence.between(base, tuned, progress).along(on, passages));
  }

  /** 1 where nothing is missed, 0 where the base alone is as near. */
  public double share() {
    return 1 - missed.klNatsPerToken().value() / whole.klNatsPerToken().value();
  }

  ObjectNode json() {
    ObjectNode node = Json.mapper().createObjectNode().put("share", share());
    node.set("kl_tuned_extracted", LedgerJson.divergence(missed));
    node.set("kl_tuned_base", LedgerJson.divergence(whole));
    node.set("kl_base_tuned", LedgerJson.divergence(moved));
    return node;
  }

  String text() {
    return String.format(
        Locale.ROOT,
        "%.1f %% of the behaviour, on %s, %d tokens%n"
            + "KL(tuned‖extracted) %s%nKL(tuned‖base) %s%nKL(base‖tuned) %s",
        100 * share(),
        missed.on(),
        missed.tokens(),
        LedgerText.distance(missed),
        LedgerText.distance(whole),
        LedgerText.distance(moved));
  }
}
