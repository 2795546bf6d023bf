package dev.palimpsest.merge;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a growth came to.
 *
 * @param preserving whether the method keeps what the model computes
 * @param layerMap the number of the base's layer that each layer is made of
 * @param newLayers numbers of those that were added
 * @param newParts what was added inside of layers: routers, and all experts but the first
 * @param newParameters weights of the added layers and parts
 * @param maxLogitChange largest difference of a logit in fp32; null if it was not measured
 * @param maxLogit largest size of one of the base's
 * @param train what trains the new weights alone, as {@code tune --method freeze --train} takes it;
 *     null if none is new
 */
public record Grown(
    String out,
    String method,
    boolean preserving,
    long parametersBefore,
    long parametersAfter,
    List<Integer> layerMap,
    List<Integer> newLayers,
    List<String> newParts,
    long newParameters,
    @Nullable Double maxLogitChange,
    @Nullable Double maxLogit,
    @Nullable String train) {
  /** Copies the lists. */
  public Grown {
    layerMap = List.copyOf(layerMap);
    newLayers = List.copyOf(newLayers);
    newParts = List.copyOf(newParts);
  }

  static Grown of(Path out, Growth growth, Blueprint blueprint, Optional<LogitCheck> logits) {
    List<Integer> added = blueprint.added();
    String train = GrowthRecord.selection(added, blueprint.newParts());
    return new Grown(
        out.toString(),
        growth.name(),
        growth.preserving(),
        blueprint.base().parameters(),
        blueprint.config().parameters(),
        blueprint.blocks(),
        added,
        blueprint.newParts(),
        blueprint.addedParameters(),
        logits.map(LogitCheck::largestChange).orElse(null),
        logits.map(LogitCheck::largestLogit).orElse(null),
        train.isEmpty() ? null : train);
  }

  /** For people. */
  public String text() {
    String logits =
        maxLogitChange == null
            ? "logits not checked"
            : "largest change of a logit %.3g, of up to %.3g".formatted(maxLogitChange, maxLogit);
    String kept =
        preserving ? "" : "; the method changes what the model computes, train it before use";
    String tune =
        train == null
            ? "no layer stayed as it was; to train all of them: tune --method full, or an adapter"
            : ("%s of %,d parameters; to train them alone:%n  palimpsest tune --model %s"
                    + " --method freeze --train new --data DATA --out RUN")
                .formatted(added(), newParameters, out);
    return "%s%n%s: %,d parameters, before %,d%n%s%s%n%s"
        .formatted(out, method, parametersAfter, parametersBefore, logits, kept, tune);
  }

  private String added() {
    return newParts.isEmpty()
        ? newLayers.size() + " new layers"
        : "in each layer a router and " + (newParts.size() - 1) + " new experts";
  }
}
