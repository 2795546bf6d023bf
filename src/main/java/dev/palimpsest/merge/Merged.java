package dev.palimpsest.merge;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a merge came to.
 *
 * @param modules how many tensors were changed
 * @param keptEnergy share of the changes' squared norm that the method keeps before any rounding: 1
 *     where it adds them exactly, less where a rank cuts; null where the method means to alter them
 * @param norm of the whole change that was wanted, as are the next three; see {@link Realised}
 * @param byModule each changed tensor
 */
public record Merged(
    String out,
    String method,
    int modules,
    @Nullable Double keptEnergy,
    double norm,
    @Nullable Double realisedDelta,
    @Nullable Double realisedProjection,
    @Nullable Double realisedError,
    List<Realised> byModule) {
  /** Copies the list. */
  public Merged {
    byModule = List.copyOf(byModule);
  }

  static Merged of(
      Path out, String method, @Nullable Double keptEnergy, Collection<Realised.Sums> sums) {
    List<Realised> changed =
        sums.stream().filter(Realised.Sums::changed).map(Realised.Sums::realised).toList();
    Realised all = Realised.Sums.of(sums);
    return new Merged(
        out.toString(),
        method,
        changed.size(),
        keptEnergy,
        all.norm(),
        all.realisedDelta(),
        all.realisedProjection(),
        all.realisedError(),
        changed);
  }

  /** For people. */
  public String text() {
    String realised =
        realisedDelta == null || realisedProjection == null || realisedError == null
            ? "nothing was changed"
            : "change of norm %.4g; stored with %.6f of that norm, projection %.6f, error %.2g"
                .formatted(norm, realisedDelta, realisedProjection, realisedError);
    String kept = keptEnergy == null ? "" : ", %.4f of the energy kept".formatted(keptEnergy);
    return "%s%n%s of %d tensors%s; %s".formatted(out, method, modules, kept, realised);
  }
}
