package dev.palimpsest.measure;

import dev.palimpsest.run.Json;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A control's JSON, as docs/formats/ledger.md has it. */
final class ControlJson {
  private ControlJson() {}

  static ObjectNode of(ControlResult control) {
    ObjectNode node = Json.mapper().createObjectNode().put("name", control.name());
    ArrayNode probes = node.putArray("probes");
    for (ControlResult.Part part : control.probes()) {
      ProbeResult result = part.result();
      ObjectNode probe = probes.addObject().put("name", result.probe().name());
      probe.put("kind", LedgerJson.lower(result.probe().kind()));
      probe.setAll(LedgerJson.outcome(result.outcome()));
      result.lost().forEach(probe.putArray("lost_items")::add);
      result.won().forEach(probe.putArray("won_items")::add);
      part.against()
          .ifPresentOrElse(
              against -> probe.set("against", against(against)), () -> probe.putNull("against"));
    }
    return node;
  }

  private static ObjectNode against(ControlResult.Against against) {
    ObjectNode node = LedgerJson.outcome(against.outcome());
    node.put("lost_by_both", against.lostByBoth().orElse(null));
    node.put("p_lost", against.judgement().lostP());
    node.put("p_lost_holm", against.judgement().lostHolm());
    return node.put(
        "verdict",
        switch (against.judgement().verdict()) {
          case LOST -> "lost_more";
          case KEPT -> "lost_less";
          case UNDECIDED -> "undecided";
        });
  }
}
