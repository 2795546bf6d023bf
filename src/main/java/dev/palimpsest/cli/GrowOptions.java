package dev.palimpsest.cli;

import dev.palimpsest.merge.BlockExpansion;
import dev.palimpsest.merge.DepthUpscaling;
import dev.palimpsest.merge.Growth;
import dev.palimpsest.merge.Tiling;
import dev.palimpsest.merge.WidthCloning;
import dev.palimpsest.run.BadInput;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a model grows. */
final class GrowOptions {
  /** The settings of each method; another one's are refused. */
  private static final Map<String, Set<String>> SETTINGS =
      Map.of(
          "depth", Set.of("--drop"),
          "blocks", Set.of("--blocks"),
          "width", Set.of("--times", "--noise", "--seed"),
          "tile", Set.of("--times", "--layers"));

  @Option(names = "--method", required = true, description = "depth, blocks, width or tile")
  private String method = "";

  @Option(
      names = "--drop",
      description = "depth: layers left out at each copy's inner end; default: a quarter")
  private @Nullable Integer drop;

  @Option(names = "--blocks", description = "blocks: how many are added; divides the layers")
  private @Nullable Integer blocks;

  @Option(names = "--times", description = "width, tile: how often as wide; default: 2")
  private @Nullable Integer times;

  @Option(names = "--layers", description = "tile: of the new model; default: as before")
  private @Nullable Integer layers;

  @Option(
      names = "--noise",
      description = "width: parts the copies, as a share of each matrix's size; default: 0")
  private @Nullable Double noise;

  @Option(names = "--seed", description = "width: of the noise; default: 0")
  private @Nullable Long seed;

  Growth growth() {
    Set<String> own = SETTINGS.get(method);
    if (own == null) {
      throw new BadInput(
          "--method "
              + method
              + (method.equals("experts") || method.equals("upcycle")
                  ? ": the decoder knows no mixture of experts; "
                  : ": ")
              + "known are depth, blocks, width, tile");
    }
    Map<String, @Nullable Object> settings = new LinkedHashMap<>();
    settings.put("--drop", drop);
    settings.put("--blocks", blocks);
    settings.put("--times", times);
    settings.put("--layers", layers);
    settings.put("--noise", noise);
    settings.put("--seed", seed);
    OwnSettings.require(method, own, settings);
    return made();
  }

  private Growth made() {
    int wide = Objects.requireNonNullElse(times, 2);
    return switch (method) {
      case "depth" -> new DepthUpscaling(whole(drop));
      case "blocks" -> {
        if (blocks == null) {
          throw new BadInput("--method blocks: give --blocks, how many are added");
        }
        yield new BlockExpansion(blocks);
      }
      case "width" ->
          new WidthCloning(
              wide, Objects.requireNonNullElse(noise, 0.0), Objects.requireNonNullElse(seed, 0L));
      default -> new Tiling(wide, whole(layers));
    };
  }

  private static OptionalInt whole(@Nullable Integer given) {
    return given == null ? OptionalInt.empty() : OptionalInt.of(given);
  }
}
