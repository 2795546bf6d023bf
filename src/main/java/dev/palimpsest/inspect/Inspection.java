package dev.palimpsest.inspect;

import dev.palimpsest.model.TensorChange;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a change is, in the matrices.
 *
 * @param changed the adapter or tuned model
 * @param norm of the change of all linear modules together, as is {@code relativeNorm}
 * @param intruders in all modules
 * @param others tensors of a tuned model that are no linear module and differ
 */
public record Inspection(
    String base,
    String changed,
    int top,
    double epsilon,
    double norm,
    double relativeNorm,
    int intruders,
    List<InspectedModule> modules,
    List<TensorChange> others) {
  private static final int SHOWN = 10;

  /** Copies the lists. */
  public Inspection {
    modules = List.copyOf(modules);
    others = List.copyOf(others);
  }

  /** For people: the totals, and the modules that changed most. */
  public String text() {
    String head =
        "%s over %s: %d modules, norm %.4g (%.3g of the base's), %d intruders among the top %d (cosine below %s)%s%n"
            .formatted(
                changed,
                base,
                modules.size(),
                norm,
                relativeNorm,
                intruders,
                top,
                epsilon,
                others.isEmpty() ? "" : "; " + others.size() + " other tensors differ");
    String title =
        "%-40s %5s %9s %9s %8s %8s %9s %6s %9s %9s%n"
            .formatted(
                "module (largest share first)",
                "rank",
                "norm",
                "relative",
                "eff.rank",
                "stable",
                "intruders",
                "null",
                "their part",
                "of all");
    return head
        + title
        + modules.stream()
            .sorted(Comparator.comparingDouble(InspectedModule::modelShare).reversed())
            .limit(SHOWN)
            .map(
                each ->
                    "%-40s %5d %9.4g %9.3g %8.2f %8.2f %9d %6.3f %9.3f %9.4f"
                        .formatted(
                            each.name(),
                            each.rank(),
                            each.norm(),
                            each.relativeNorm(),
                            each.effectiveRank(),
                            each.stableRank(),
                            each.intruders(),
                            each.nullCosine(),
                            each.energyShare(),
                            each.modelShare()))
            .collect(Collectors.joining("\n"));
  }
}
