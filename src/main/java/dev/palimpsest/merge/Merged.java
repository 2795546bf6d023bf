package dev.palimpsest.merge;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a merge came to.
 *
 * @param modules how many tensors were changed
 * @param keptEnergy share of the changes' squared norm that the method keeps before any rounding: 1
 *     where it adds them exactly, less where a rank cuts; null where the method means to alter them
 * @param norm of the whole change that was wanted, as are the next three; see {@link Realised}
 * @param byModule each changed tensor
 * @param rules those of some modules, in their order
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
    List<Realised> byModule,
    List<RuleUse> rules) {
  /** Copies the lists. */
  public Merged {
    byModule = List.copyOf(byModule);
    rules = List.copyOf(rules);
  }

  /**
   * A rule of some modules.
   *
   * @param tensors that it changed
   */
  public record RuleUse(String rule, String method, int tensors) {}

  /** The same with the rules by which it came to be. */
  Merged by(List<RuleUse> uses) {
    return new Merged(
        out,
        method,
        modules,
        keptEnergy,
        norm,
        realisedDelta,
        realisedProjection,
        realisedError,
        byModule,
        uses);
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
        changed,
        List.of());
  }

  /** For people. */
  public String text() {
    String realised =
        realisedDelta == null || realisedProjection == null || realisedError == null
            ? "nothing was changed"
            : "change of norm %.4g; stored with %.6f of that norm, projection %.6f, error %.2g"
                .formatted(norm, realisedDelta, realisedProjection, realisedError);
    String kept = keptEnergy == null ? "" : ", %.4f of the energy kept".formatted(keptEnergy);
    String byRule =
        rules.stream()
            .map(each -> "%n%s: %s of %d tensors".formatted(each.rule, each.method, each.tensors))
            .collect(Collectors.joining());
    return "%s%n%s of %d tensors%s; %s%s".formatted(out, method, modules, kept, realised, byRule);
  }
}
