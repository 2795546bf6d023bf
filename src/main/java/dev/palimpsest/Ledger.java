package dev.palimpsest;

import dev.palimpsest.measure.LedgerJson;
import dev.palimpsest.measure.LedgerText;
import dev.palimpsest.measure.Outcome;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeResult;
import dev.palimpsest.run.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** The paired record of before and after, item by item. */
public final class Ledger {
  private final dev.palimpsest.measure.Ledger ledger;

  Ledger(dev.palimpsest.measure.Ledger ledger) {
    this.ledger = ledger;
  }

  /** What a probe is for. */
  public enum Kind {
    /** The change was not meant to move it. */
    RETENTION,
    /** The change was meant to raise it. */
    GAIN
  }

  /**
   * A 95 % confidence interval.
   *
   * @param low lower limit
   * @param high upper limit
   */
  public record Interval(double low, double high) {}

  /**
   * What one probe says. Rates are fractions of items; a probe of texts is in bits a byte, where
   * more is worse, and has no lost and won items.
   *
   * @param name the file's stem
   * @param kind what it is for
   * @param items how many
   * @param before rate or bits a byte of the first side
   * @param after of the second
   * @param interval of {@code after - before}, paired; absent where one text is all there is
   * @param lost ids of the items that were right before and are wrong after
   * @param won ids of the items that were wrong before and are right after
   * @param mcnemarP exact two-sided p of lost against won; absent for texts
   */
  public record Probe(
      String name,
      Kind kind,
      int items,
      double before,
      double after,
      Optional<Interval> interval,
      List<String> lost,
      List<String> won,
      OptionalDouble mcnemarP) {
    /** Copies the lists. */
    public Probe {
      lost = List.copyOf(lost);
      won = List.copyOf(won);
    }

    /**
     * The change.
     *
     * @return after minus before
     */
    public double delta() {
      return after - before;
    }

    static Probe of(ProbeResult result) {
      Outcome outcome = result.outcome();
      return new Probe(
          result.probe().name(),
          result.probe().kind() == ProbeKind.GAIN ? Kind.GAIN : Kind.RETENTION,
          outcome.n(),
          outcome.before(),
          outcome.after(),
          outcome.interval().map(found -> new Interval(found.low(), found.high())),
          result.lost(),
          result.won(),
          outcome instanceof Outcome.Rates rates
              ? OptionalDouble.of(rates.counts().mcnemarP())
              : OptionalDouble.empty());
    }
  }

  /**
   * The probes.
   *
   * @return in the order in which they were asked for
   */
  public List<Probe> probes() {
    return ledger.probes().stream().map(Probe::of).toList();
  }

  /**
   * KL(before‖after), exact at each position, along texts that the first side wrote by itself.
   *
   * @return nats a token; empty if no texts were asked for, or the sides have two vocabularies
   */
  public OptionalDouble klNatsPerToken() {
    return ledger.divergence().stream().mapToDouble(d -> d.klNatsPerToken().value()).findFirst();
  }

  /**
   * Whether a retention probe lost more than a margin beyond doubt: the interval of its change lies
   * wholly below it, corrected for the number of probes (Holm, one-sided 2.5 %).
   *
   * @param margin a fraction of all items, or of a text's bits a byte before; from 0 to 1
   * @return whether to raise the alarm; false is no proof that nothing was lost
   */
  public boolean lostMoreThan(double margin) {
    return ledger.lostMoreThan(checked(margin));
  }

  /**
   * Whether it is beyond doubt that every retention probe lost less than a margin: the interval of
   * each one's change lies wholly above it (non-inferiority, one-sided 2.5 %).
   *
   * @param margin a fraction of all items, or of a text's bits a byte before; from 0 to 1
   * @return whether all is known to be kept; false is no proof that something was lost
   */
  public boolean keptWithin(double margin) {
    return ledger.keptWithin(checked(margin));
  }

  private static double checked(double margin) {
    if (!(margin >= 0 && margin <= 1)) { // NaN too, which would raise no alarm
      throw new IllegalArgumentException("margin " + margin + ": give a fraction from 0 to 1");
    }
    return margin;
  }

  /**
   * The table for people.
   *
   * @return one line a probe, then the divergence
   */
  public String text() {
    return LedgerText.of(ledger);
  }

  /**
   * The document that {@code ledger --json} prints.
   *
   * @return JSON, as {@code docs/formats/ledger.md} has it
   */
  public String json() {
    return Json.write(LedgerJson.of(ledger));
  }

  /**
   * Writes one JSON line for each probe and item, with both answers.
   *
   * @param file that is made or replaced
   * @throws dev.palimpsest.run.EnvironmentFailure if it cannot be written
   */
  public void writeItems(Path file) {
    LedgerJson.writeItems(ledger, file);
  }
}
