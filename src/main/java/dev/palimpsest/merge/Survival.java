package dev.palimpsest.merge;

import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What quantising leaves of an adapter's change, by the way it is done. A share is the projection
 * of the realised change on the wanted one ({@link Realised#realisedProjection}): 1 is all, 0 none.
 * Kept apart, it is 1.
 *
 * @param once all modules as one vector: merged into the model as it is stored, quantised once
 * @param again merged into the model after it was quantised, and quantised again
 * @param modules each that changes, in the model's order
 */
public record Survival(Way once, Way again, List<Module> modules) {
  /** Copies the list. */
  public Survival {
    modules = List.copyOf(modules);
  }

  /**
   * One way.
   *
   * @param share of the change that survives
   * @param error norm of what is stored less what was wanted, over the norm of the change: the
   *     grid's noise, beside which the change is to be seen
   */
  public record Way(double share, double error) {
    private static Way of(Realised realised) {
      return new Way(
          Objects.requireNonNull(realised.realisedProjection()),
          Objects.requireNonNull(realised.realisedError()));
    }
  }

  /** One module's matrix. */
  public record Module(String name, double norm, double relativeNorm, Way once, Way again) {}

  /** A matrix both ways. */
  static final class Sums {
    final Realised.Sums once;
    final Realised.Sums again;

    Sums(String name) {
      once = new Realised.Sums(name);
      again = new Realised.Sums(name);
    }

    private Module module() {
      Realised all = once.realised();
      return new Module(
          all.name(), all.norm(), all.relativeNorm(), Way.of(all), Way.of(again.realised()));
    }
  }

  /** Empty where nothing changes. */
  static Optional<Survival> of(Collection<Sums> parts) {
    List<Sums> changed = parts.stream().filter(each -> each.once.changed()).toList();
    return changed.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Survival(
                Way.of(Realised.Sums.of(changed.stream().map(each -> each.once).toList())),
                Way.of(Realised.Sums.of(changed.stream().map(each -> each.again).toList())),
                changed.stream().map(Sums::module).toList()));
  }
}
