package dev.palimpsest.compare;

import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.Share;
import dev.palimpsest.measure.TwoShares;
import dev.palimpsest.run.Json;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A recovery probe's JSON, as docs/formats/ledger.md has it. */
public final class RecoveryJson {
  private RecoveryJson() {}

  /** The document. */
  public static ObjectNode of(RecoveryResult result) {
    ObjectNode document = Json.mapper().createObjectNode();
    document.put("format", "palimpsest-recovery/1");
    document.put("verdict", result.verdict().name().toLowerCase(Locale.ROOT));
    document.set("lost", arm(result.lost()));
    document.set("never_known", arm(result.never()));
    document.set("turned_back", share(result.turned()));
    TwoShares shares = result.shares();
    document.put("difference", shares.difference());
    interval(document, shares.interval());
    document.put("fisher_p", shares.fisherP());
    document.put("learned", result.learned());
    ArrayNode probes = document.putArray("probes");
    for (RecoveryResult.Counts each : result.probes()) {
      probes
          .addObject()
          .put("name", each.probe())
          .put("lost_shown", each.lostShown())
          .put("lost_asked", each.lostAsked())
          .put("never_known_shown", each.neverShown())
          .put("never_known_asked", each.neverAsked());
    }
    result.left().forEach(document.putArray("probes_left_out")::add);
    return document;
  }

  private static ObjectNode arm(RecoveryResult.Arm arm) {
    ObjectNode node = Json.mapper().createObjectNode().put("run", arm.run());
    node.set("shown", share(arm.shown()));
    node.set("asked", share(arm.asked()));
    return node;
  }

  private static ObjectNode share(Share share) {
    ObjectNode node = Json.mapper().createObjectNode();
    node.put("right", share.right()).put("n", share.n()).put("share", share.value());
    interval(node, share.interval());
    return node;
  }

  private static void interval(ObjectNode node, Interval interval) {
    node.putArray("ci95").add(interval.low()).add(interval.high());
  }
}
