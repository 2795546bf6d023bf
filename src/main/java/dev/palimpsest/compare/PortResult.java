package dev.palimpsest.compare;

import dev.palimpsest.measure.Ledger;
import dev.palimpsest.measure.ProbeKind;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a port came to.
 *
 * @param mayLose what a retention probe may lose, for a way to be chosen: less than this share
 * @param tried in the order tried
 * @param chosen the way whose adapter was taken
 */
public record PortResult(
    Path out, PortPlan plan, double mayLose, List<Tried> tried, Optional<Chosen> chosen) {
  /** Copies the list. */
  public PortResult {
    tried = List.copyOf(tried);
  }

  /**
   * One way.
   *
   * @param refused why it does not lead to this base, if so
   * @param fit how well activations are met, by the way that meets them
   * @param selection what it gains and loses on the half that chooses, where there is a choice
   * @param allowed whether every loss is under the limit, and anything is gained
   */
  public record Tried(
      PortMethod method,
      Optional<String> refused,
      Optional<ActivationFit> fit,
      Optional<Reading> selection,
      boolean allowed) {
    /** A way that does not lead to this base. */
    static Tried refused(PortMethod method, String reason) {
      return new Tried(method, Optional.of(reason), Optional.empty(), Optional.empty(), false);
    }

    /** A way that was gone. */
    static Tried carried(PortMethod method, Optional<ActivationFit> fit) {
      return new Tried(method, Optional.empty(), fit, Optional.empty(), false);
    }

    /** The same with what the choice goes by. */
    Tried with(Reading reading, boolean under) {
      return new Tried(method, refused, fit, Optional.of(reading), under);
    }

    double gain() {
      return selection.map(Reading::gain).orElse(0.0);
    }
  }

  /**
   * The way taken.
   *
   * @param on which items the ledger is: those that chose nothing, or all where there was no choice
   * @param ledger of the carried adapter over the new base
   */
  public record Chosen(PortMethod method, On on, Ledger ledger) {
    /** Whether every retention probe lost less than a share here, too. */
    boolean within(double share) {
      return ledger.probes().stream()
          .filter(each -> each.probe().kind() == ProbeKind.RETENTION)
          .allMatch(each -> each.outcome().loss() < share);
    }
  }

  /** Items of a ledger. */
  public enum On {
    /** One half; the other chose. */
    REPORT,
    /** All. */
    ALL
  }
}
