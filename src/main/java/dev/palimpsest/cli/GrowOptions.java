package dev.palimpsest.cli;

import dev.palimpsest.merge.BlockExpansion;
import dev.palimpsest.merge.DepthUpscaling;
import dev.palimpsest.merge.ExpertUpcycling;
import dev.palimpsest.merge.GrowJob;
import dev.palimpsest.merge.Growth;
import dev.palimpsest.merge.Tiling;
import dev.palimpsest.merge.TokensJob;
import dev.palimpsest.merge.WidthCloning;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.TextFile;
import dev.palimpsest.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a model grows. */
final class GrowOptions {
  private static final String TOKENS = "tokens";

  /** The settings of each method; another one's are refused. */
  private static final Map<String, Set<String>> SETTINGS =
      Map.of(
          "depth",
          Set.of("--drop"),
          "blocks",
          Set.of("--blocks"),
          "width",
          Set.of("--times", "--noise", "--seed"),
          "experts",
          Set.of("--experts", "--top", "--noise", "--seed"),
          "tile",
          Set.of("--times", "--layers"),
          TOKENS,
          Set.of("--add", "--add-file", "--special", "--init"));

  @Option(
      names = "--method",
      required = true,
      description = "depth, blocks, width, tile, experts or tokens")
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

  @Option(names = "--experts", description = "experts: how many each layer has, copies at first")
  private @Nullable Integer experts;

  @Option(names = "--top", description = "experts: how many a token goes through; default: 2")
  private @Nullable Integer top;

  @Option(
      names = "--noise",
      description = "width, experts: parts the copies, as a share of each matrix; default: 0")
  private @Nullable Double noise;

  @Option(names = "--seed", description = "width, experts: of noise and routers; default: 0")
  private @Nullable Long seed;

  @Option(
      names = "--add",
      paramLabel = "TOKEN",
      description = "tokens: one that the tokenizer gets; may repeat")
  private @Nullable List<String> add;

  @Option(
      names = "--add-file",
      paramLabel = "FILE",
      description = "tokens: a file of them, one a line")
  private @Nullable Path addFile;

  @Option(
      names = "--special",
      description = "tokens: they are special: answers are shown without them; default: ordinary")
  private @Nullable Boolean special;

  @Option(
      names = "--init",
      description =
          "tokens: their rows begin as the mean of all rows, or of those of the pieces that the"
              + " text was: mean, pieces; default: mean")
  private TokensJob.@Nullable Init init;

  /** Whether the vocabulary grows, not the decoder. */
  boolean addsTokens() {
    return method.equals(TOKENS);
  }

  /** The tokens to add. */
  TokensJob tokens(String model, Optional<DType> type, GrowJob.Check check) {
    requireOwn();
    List<String> all = new ArrayList<>();
    if (add != null) {
      all.addAll(add);
    }
    if (addFile != null) {
      TextFile.read(addFile).lines().forEach(all::add);
    }
    if (all.isEmpty()) {
      throw new BadInput("--method tokens: give --add TOKEN, or --add-file with one a line");
    }
    return new TokensJob(
        model,
        all,
        special != null && special,
        Objects.requireNonNullElse(init, TokensJob.Init.MEAN),
        type,
        check);
  }

  Growth growth() {
    requireOwn();
    return made();
  }

  private void requireOwn() {
    Set<String> own = SETTINGS.get(method);
    if (own == null) {
      throw new BadInput(
          "--method " + method + ": known are depth, blocks, width, tile, experts, tokens");
    }
    Map<String, @Nullable Object> settings = new LinkedHashMap<>();
    settings.put("--drop", drop);
    settings.put("--blocks", blocks);
    settings.put("--times", times);
    settings.put("--layers", layers);
    settings.put("--experts", experts);
    settings.put("--top", top);
    settings.put("--noise", noise);
    settings.put("--seed", seed);
    settings.put("--add", add);
    settings.put("--add-file", addFile);
    settings.put("--special", special);
    settings.put("--init", init);
    OwnSettings.require(method, own, settings);
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
      case "width" -> new WidthCloning(wide, noise(), seed());
      case "experts" -> {
        if (experts == null) {
          throw new BadInput("--method experts: give --experts, how many each layer has");
        }
        int chosen = Objects.requireNonNullElse(top, 2);
        yield ExpertUpcycling.of(experts, chosen, noise(), seed());
      }
      default -> new Tiling(wide, whole(layers));
    };
  }

  private double noise() {
    return Objects.requireNonNullElse(noise, 0.0);
  }

  private long seed() {
    return Objects.requireNonNullElse(seed, 0L);
  }

  private static OptionalInt whole(@Nullable Integer given) {
    return given == null ? OptionalInt.empty() : OptionalInt.of(given);
  }
}
