package dev.palimpsest.merge;

import dev.palimpsest.model.TensorChange;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An adapter taken out of a tuned model.
 *
 * @param rank the largest of all modules
 * @param parameters of the adapter
 * @param relativeError norm of what it misses of all linear modules' change, over that change's
 * @param weightedError the same of what change and miss do to the inputs; null where no texts
 *     weighed them
 * @param weighedTokens tokens of those texts
 * @param modules each module that differs, those of rank 0 too
 * @param stored rows of embedding and head as the tuned model has them, which make them exact
 * @param notCaptured what else differs and no LoRA can hold: norms, biases, embedding, head
 */
public record Extracted(
    String out,
    int rank,
    long parameters,
    double relativeError,
    @Nullable Double weightedError,
    @Nullable Long weighedTokens,
    List<Module> modules,
    List<Stored> stored,
    List<TensorChange> notCaptured) {
  /** Copies the lists. */
  public Extracted {
    modules = List.copyOf(modules);
    stored = List.copyOf(stored);
    notCaptured = List.copyOf(notCaptured);
  }

  /**
   * One module.
   *
   * @param norm of its change
   * @param relativeError ‖ΔW − BA‖ / ‖ΔW‖
   * @param weightedError ‖(ΔW − BA) C^½‖ / ‖ΔW C^½‖, by the singular values that are left out
   */
  public record Module(
      String name, int rank, double norm, double relativeError, @Nullable Double weightedError) {}

  /**
   * An end of the model.
   *
   * @param rows how many of it, all or those that differ
   * @param parameters in the adapter
   */
  public record Stored(String name, long rows, long parameters) {}

  /**
   * What became of a module.
   *
   * @param spectrum by which ranks were chosen
   * @param square ‖ΔW‖²
   * @param missed ‖ΔW − BA‖²
   */
  record Part(RankRule.Spectrum spectrum, int rank, double square, double missed) {
    Module module(boolean weighed) {
      double rest = spectrum.energyFrom(rank) / spectrum.energyFrom(0);
      return new Module(
          spectrum.module(),
          rank,
          Math.sqrt(square),
          Math.sqrt(missed / square),
          weighed ? (Double) Math.sqrt(rest) : null);
    }

    long parameters() {
      return rank * (spectrum.out() + spectrum.in());
    }
  }

  static Extracted of(
      Path out,
      List<Part> parts,
      Optional<Long> weighedTokens,
      List<Stored> stored,
      List<TensorChange> notCaptured) {
    double missed = 0;
    double all = 0;
    double weighedMissed = 0;
    double weighedAll = 0;
    for (Part part : parts) {
      missed += part.missed;
      all += part.square;
      weighedMissed += part.spectrum.energyFrom(part.rank);
      weighedAll += part.spectrum.energyFrom(0);
    }
    return new Extracted(
        out.toString(),
        parts.stream().mapToInt(Part::rank).max().orElse(0),
        parts.stream().mapToLong(Part::parameters).sum()
            + stored.stream().mapToLong(Stored::parameters).sum(),
        Math.sqrt(missed / all),
        weighedTokens.isPresent() ? (Double) Math.sqrt(weighedMissed / weighedAll) : null,
        weighedTokens.orElse(null),
        parts.stream().map(part -> part.module(weighedTokens.isPresent())).toList(),
        stored,
        notCaptured);
  }

  /** For people. */
  public String text() {
    return "%s%n%d modules, rank up to %d, %,d parameters; relative error %.4g%s%s%s"
        .formatted(
            out,
            modules.size(),
            rank,
            parameters,
            relativeError,
            weightedError == null
                ? ""
                : ", weighed along %,d tokens %.4g".formatted(weighedTokens, weightedError),
            stored.isEmpty()
                ? ""
                : "; as they are: "
                    + stored.stream()
                        .map(each -> "%,d rows of %s".formatted(each.rows, each.name))
                        .collect(Collectors.joining(", ")),
            notCaptured.isEmpty()
                ? ""
                : "; not captured: "
                    + String.join(", ", notCaptured.stream().map(TensorChange::toString).toList()));
  }
}
