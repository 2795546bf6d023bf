package dev.palimpsest.compare;

import dev.palimpsest.measure.Crossed;
import dev.palimpsest.measure.Divergence;
import dev.palimpsest.measure.Interval;
import dev.palimpsest.measure.Outcome;
import java.util.List;
import java.util.Optional;

/**
 * How far an arm's weights moved the base's distribution, over its seeds: along texts that the base
 * wrote, whatever the arm puts before a prompt.
 *
 * @param kl KL(base‖arm) in nats a token
 * @param interval of {@code kl}, over texts and seeds
 * @param bits bits a byte of the texts, Δ against the base; empty if none has bytes
 * @param topAgreement share of positions at which both find the same token the likeliest
 * @param bySeed {@code kl} of each seed
 * @param texts how many
 */
public record Drift(
    double kl,
    Optional<Interval> interval,
    Optional<Bits> bits,
    double topAgreement,
    List<Double> bySeed,
    int texts) {
  /** Copies the list. */
  public Drift {
    bySeed = List.copyOf(bySeed);
  }

  /** Bits a byte. */
  public record Bits(double before, double after, Optional<Interval> interval) {
    /** More is worse. */
    public double delta() {
      return after - before;
    }
  }

  /** What the runs of an arm come to. */
  static Drift of(List<Divergence> seeds) {
    Crossed kl = Crossed.divergence(seeds);
    return new Drift(
        kl.value(),
        kl.positiveInterval(),
        Crossed.bits(seeds).map(change -> bits(seeds, change)),
        seeds.stream().mapToDouble(Divergence::topAgreement).average().orElseThrow(),
        seeds.stream().map(seed -> seed.klNatsPerToken().value()).toList(),
        seeds.getFirst().texts().size());
  }

  private static Bits bits(List<Divergence> seeds, Crossed change) {
    double before = seeds.getFirst().bits().map(Outcome.Bits::before).orElseThrow();
    return new Bits(before, before + change.value(), change.interval());
  }
}
