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
   * Texts that had no part in the adapter.
   *
   * @param on what they are
   */
  record Held(String on, List<int[]> ids) {
    Divergence between(TunedModel before, TunedModel after, Progress progress) {
      return KlDivergence.between(before, after, progress).along(on, BaseTexts.passages(ids));
    }
  }

  /** Measures it. */
  static Captured along(
      Held texts, TunedModel tuned, TunedModel base, TunedModel extracted, Progress progress) {
    return new Captured(
        texts.between(tuned, extracted, progress),
        texts.between(tuned, base, progress),
        texts.between(base, tuned, progress));
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
