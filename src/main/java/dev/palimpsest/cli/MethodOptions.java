package dev.palimpsest.cli;

import dev.palimpsest.merge.GrowthRecord;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tune.Continued;
import dev.palimpsest.tune.Full;
import dev.palimpsest.tune.Layers;
import dev.palimpsest.tune.LowRank;
import dev.palimpsest.tune.Method;
import dev.palimpsest.tune.PromptLearning;
import dev.palimpsest.tune.Stacked;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What trains; defaults are PEFT's and TRL's. */
final class MethodOptions {
  @Option(
      names = "--method",
      description =
          "lora, rslora, dora, pissa, lora+, qlora (over an nf4 base), soft-prompt, prefix, full,"
              + " freeze; default: lora")
  private @Nullable String method;

  @Option(
      names = "--from",
      paramLabel = "ADAPTER",
      description = "train this adapter's factors further; it keeps its rank, alpha and targets")
  private @Nullable Path from;

  @Option(
      names = "--over",
      paramLabel = "ADAPTER",
      description = "train a new adapter over this one, which stays; both are written as one")
  private @Nullable Path over;

  @Option(names = "--rank", description = "default: " + LowRank.RANK)
  private @Nullable Integer rank;

  @Option(names = "--alpha", description = "default: twice the rank")
  private @Nullable Double alpha;

  @Option(
      names = "--targets",
      description =
          "modules by name, with commas, or a pattern; lm_head and embed_tokens too; default:"
              + " ${DEFAULT-VALUE}")
  private String targets = LowRank.TARGETS;

  @Option(
      names = "--layers",
      paramLabel = "FROM-TO",
      description = "of an adapter: the only layers that change, counted from 0; default: all")
  private @Nullable String layers;

  @Option(
      names = "--rank-pattern",
      paramLabel = "PATTERN=N",
      description = "rank of the modules whose names end so; may repeat")
  private List<String> rankPatterns = List.of();

  @Option(
      names = "--alpha-pattern",
      paramLabel = "PATTERN=N",
      description = "alpha of the modules whose names end so; may repeat")
  private List<String> alphaPatterns = List.of();

  @Option(
      names = "--lora-plus-ratio",
      description = "lora+: how many times A's rate B has; default: 16")
  private @Nullable Double ratio;

  @Option(
      names = "--train",
      description =
          "what trains by freeze: norms, embeddings, head, layers:FROM-TO, names such as q_proj,"
              + " by comma; or new: the layers that grow added")
  private @Nullable String trains;

  @Option(
      names = "--train-tokens",
      paramLabel = "TOKEN",
      description =
          "of an adapter: a token whose rows of embedding and head train, too; may repeat; new:"
              + " those that grow added")
  private List<String> tokensToTrain = List.of();

  @Option(names = "--tokens", description = "of a soft prompt or prefix; default: 20")
  private @Nullable Integer tokens;

  @Option(
      names = "--init-text",
      description =
          "what a soft prompt or prefix begins as; default: tokens at random, for a prefix noise")
  private @Nullable String initText;

  /**
   * What the user asks for.
   *
   * @param model its folder says what {@code --train new} and {@code --train-tokens new} mean
   */
  Method method(Path model) {
    String chosen = method == null ? LowRank.METHODS.getFirst() : method;
    return switch (chosen) {
      case Full.FULL, Full.FREEZE -> {
        refuse(chosen, "an adapter's", ofFactors());
        refuse(chosen, "a soft prompt's or prefix's", ofPrompt());
        yield Full.of(chosen, Optional.ofNullable(trains).map(text -> named(text, model)));
      }
      case "soft-prompt", "prefix" -> {
        refuse(chosen, "an adapter's", ofFactors());
        refuse(chosen, "freeze's", ofFreeze());
        int count = tokens == null ? PromptLearning.TOKENS : tokens;
        yield new PromptLearning(chosen, count, Optional.ofNullable(initText));
      }
      default -> {
        refuse(chosen, "freeze's", ofFreeze());
        refuse(chosen, "a soft prompt's or prefix's", ofPrompt());
        yield from == null ? stacked(lowRank(chosen).withTokens(tokens(model))) : continued(from);
      }
    };
  }

  private static String named(String trains, Path model) {
    return Stream.of(trains.split(",", -1))
        .map(item -> item.strip().equals("new") ? GrowthRecord.selection(model) : item)
        .collect(Collectors.joining(","));
  }

  private List<String> tokens(Path model) {
    return tokensToTrain.stream()
        .flatMap(
            token -> token.equals("new") ? GrowthRecord.tokens(model).stream() : Stream.of(token))
        .toList();
  }

  private Method stacked(LowRank own) {
    return over == null ? own : Stacked.of(own, over);
  }

  private Method continued(Path adapter) {
    List<String> given = new ArrayList<>();
    addIf(given, over != null, "--over");
    addIf(given, !targets.equals(LowRank.TARGETS), "--targets");
    addIf(given, layers != null, "--layers");
    addIf(given, !rankPatterns.isEmpty(), "--rank-pattern");
    addIf(given, !alphaPatterns.isEmpty(), "--alpha-pattern");
    addIf(given, !tokensToTrain.isEmpty(), "--train-tokens");
    Continued.Asked asked =
        new Continued.Asked(
            Optional.ofNullable(method),
            rank == null ? OptionalInt.empty() : OptionalInt.of(rank),
            alpha == null ? OptionalDouble.empty() : OptionalDouble.of(alpha),
            given);
    Continued continued = Continued.of(adapter, asked);
    return ratio == null ? continued : continued.withRatio(ratio);
  }

  private static void refuse(String method, String whose, List<String> given) {
    if (!given.isEmpty()) {
      throw new BadInput(
          "--method " + method + ": leave out " + String.join(", ", given) + ", which is " + whose);
    }
  }

  private List<String> ofFactors() {
    List<String> given = new ArrayList<>();
    addIf(given, from != null, "--from");
    addIf(given, over != null, "--over");
    addIf(given, rank != null, "--rank");
    addIf(given, alpha != null, "--alpha");
    addIf(given, !targets.equals(LowRank.TARGETS), "--targets");
    addIf(given, layers != null, "--layers");
    addIf(given, !rankPatterns.isEmpty(), "--rank-pattern");
    addIf(given, !alphaPatterns.isEmpty(), "--alpha-pattern");
    addIf(given, !tokensToTrain.isEmpty(), "--train-tokens");
    addIf(given, ratio != null, "--lora-plus-ratio");
    return given;
  }

  private List<String> ofPrompt() {
    List<String> given = new ArrayList<>();
    addIf(given, tokens != null, "--tokens");
    addIf(given, initText != null, "--init-text");
    return given;
  }

  private List<String> ofFreeze() {
    return trains == null ? List.of() : List.of("--train");
  }

  private static void addIf(List<String> given, boolean there, String option) {
    if (there) {
      given.add(option);
    }
  }

  private LowRank lowRank(String chosen) {
    OptionalDouble scale = alpha == null ? OptionalDouble.empty() : OptionalDouble.of(alpha);
    LowRank.Patterns patterns =
        new LowRank.Patterns(
            byPattern("--rank-pattern", rankPatterns, Integer::valueOf),
            byPattern("--alpha-pattern", alphaPatterns, Double::valueOf));
    LowRank all =
        LowRank.of(chosen, rank == null ? LowRank.RANK : rank, scale, targets).with(patterns);
    LowRank made = layers == null ? all : all.in(Layers.parse("--layers ", layers));
    return ratio == null ? made : made.withRatio(ratio);
  }

  /** A pattern may hold an equals sign itself, so the last one counts. */
  private static <T> Map<String, T> byPattern(
      String option, List<String> given, Function<String, T> number) {
    Map<String, T> values = new LinkedHashMap<>();
    for (String each : given) {
      int sign = each.lastIndexOf('=');
      try {
        values.put(each.substring(0, sign), number.apply(each.substring(sign + 1)));
      } catch (IndexOutOfBoundsException | NumberFormatException e) {
        throw new BadInput(option + " " + each + ": give PATTERN=N, as q_proj=8", e);
      }
    }
    return values;
  }
}
