package dev.palimpsest.report;

import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.PairedCounts;
import dev.palimpsest.measure.ProbeKind;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** What a ledger comes to: gained, lost, and whether that is decided. */
final class Verdict {
  private static final String BEYOND_DOUBT = ", beyond doubt";

  /** Which way a change goes, if its interval says so; a sign beside the colour. */
  enum Way {
    UP("\u25b2"),
    DOWN("\u25bc"),
    OPEN("\u25c6");

    final String sign;

    Way(String sign) {
      this.sign = sign;
    }

    static Way of(Optional<Interval> interval) {
      return interval
          .map(limits -> limits.low() > 0 ? UP : limits.high() < 0 ? DOWN : OPEN)
          .orElse(OPEN);
    }

    /** The class that gives it its colour. */
    String colour() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final LedgerView ledger;
  private final Markup html = new Markup();

  private Verdict(LedgerView ledger) {
    this.ledger = ledger;
  }

  /** Cards at the head of a page about one ledger. */
  static Markup of(LedgerView ledger) {
    return new Verdict(ledger).cards();
  }

  /** A change in few words, its sign before them. */
  static String words(LedgerView.Change change, ProbeKind kind) {
    Way way = Way.of(change.interval());
    return way.sign
        + " "
        + switch (way) {
          case UP -> kind == ProbeKind.GAIN ? "gained" : "rose";
          case DOWN -> kind == ProbeKind.GAIN ? "fell" : "lost";
          case OPEN -> "undecided";
        };
  }

  private Markup cards() {
    html.open("section", "class", "cards", "aria-labelledby", "verdict-heading");
    html.element("h2", "The verdict", "id", "verdict-heading", "class", "hidden");
    change(ProbeKind.GAIN, "What it was to learn", "give --gain FILE");
    change(ProbeKind.RETENTION, "What it could do before", "give --probe FILE or --built-in");
    limits();
    distance();
    return html.closeLine();
  }

  private void change(ProbeKind kind, String heading, String missing) {
    Optional<LedgerView.Change> pooled = ledger.pooled(kind);
    if (pooled.isEmpty()) {
      card("none", heading, "not measured", "There are no such items that are right or wrong.");
      html.element("p", "To measure it, " + missing + ".").closeLine();
      return;
    }
    LedgerView.Change change = pooled.get();
    Way way = Way.of(change.interval());
    card(
        way.colour(),
        heading,
        Numbers.points(change.delta()) + " points",
        words(change, kind) + (way == Way.OPEN ? open(change, kind) : BEYOND_DOUBT));
    html.element("p", "95\u00a0% interval " + Numbers.points(change.interval()) + how(change));
    html.element("p", counts(change.counts().orElseThrow()) + ", " + probes(kind)).closeLine();
  }

  private static String open(LedgerView.Change change, ProbeKind kind) {
    return change
        .interval()
        .map(
            limits ->
                kind == ProbeKind.GAIN
                    ? ": no change is not ruled out"
                    : ": a loss of up to "
                        + Numbers.fixed(-100 * limits.low(), 1)
                        + " points is not ruled out")
        .orElse(": there is no interval");
  }

  private static String how(LedgerView.Change change) {
    return change.documents() > 0
        ? ", clustered by " + Numbers.count(change.documents()) + " documents"
        : "";
  }

  private static String counts(PairedCounts counts) {
    return Numbers.count(counts.lost())
        + " lost, "
        + Numbers.count(counts.won())
        + " won, of "
        + Numbers.count(counts.n())
        + " items";
  }

  private String probes(ProbeKind kind) {
    long probes =
        ledger.probes().stream()
            .filter(row -> row.kind() == kind && row.all().counts().isPresent())
            .count();
    return probes == 1 ? "one probe" : probes + " probes";
  }

  private void limits() {
    JsonNode thresholds = ledger.document().path("thresholds");
    boolean missed =
        thresholds.valueStream().anyMatch(each -> each.path("missed").asBoolean(false));
    if (thresholds.isEmpty()) {
      card("none", "Is that decided?", "no limit set", "Say how much may be lost:");
      html.element("p", "ledger --require-kept 1% holds the loss against one point.").closeLine();
      return;
    }
    card(
        missed ? "down" : "up",
        "Is that decided?",
        missed ? "\u2717 limit missed" : "\u2713 limit met",
        Limits.told(thresholds.get(0)));
    for (int i = 1; i < thresholds.size(); i++) {
      html.element("p", Limits.told(thresholds.get(i)), "class", "words");
    }
    thresholds
        .valueStream()
        .filter(each -> each.path("missed").asBoolean(false) == missed)
        .flatMap(each -> Limits.undecided(each).stream())
        .findFirst()
        .ifPresent(words -> html.element("p", words));
    html.closeLine();
  }

  private void distance() {
    if (ledger.divergences().isEmpty()) {
      return;
    }
    LedgerView.Distance distance = ledger.divergences().getFirst();
    card(
        "none",
        "How far it moved",
        Numbers.fixed(distance.natsPerToken(), 3) + " nats a token",
        "KL(base\u2016after) along " + distance.on());
    html.element(
            "p",
            "same likeliest token at " + Numbers.percent(distance.topAgreement()) + " of places")
        .closeLine();
  }

  private void card(String colour, String heading, String value, String words) {
    openCard(html, colour, heading, value, words);
  }

  /**
   * Opens a card, to be closed.
   *
   * @param colour {@link Way#colour}, or none
   */
  static void openCard(Markup html, String colour, String heading, String value, String words) {
    html.open("div", "class", "card " + colour).element("h3", heading);
    html.element("p", value, "class", "value").element("p", words, "class", "words");
  }
}
