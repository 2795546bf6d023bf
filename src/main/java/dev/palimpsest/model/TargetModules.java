package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/**
 * Which modules the factors of an adapter change, chosen as PEFT does ({@code
 * peft/tuners/tuners_utils.py, check_target_module_exists}).
 *
 * @param excluded wins over {@code chosen}
 * @param layers numbers of the only layers that are changed; empty for all
 * @param layersPattern names of the list that layers are counted in; empty for any
 */
public record TargetModules(
    Names chosen, Names excluded, List<Integer> layers, List<String> layersPattern) {
  /** PEFT's word for every linear module but the head. */
  public static final String ALL_LINEAR = "all-linear";

  private static final int LONGEST_PATTERN = 1000;
  private static final int MOST_STEPS = 1_000_000;
  private static final int MOST_CHOICES = 12;
  private static final int LONGEST_SECONDS = 3;
  private static final Pattern ANY_LAYER = Pattern.compile(".*?\\.[^.]*\\.(\\d{1,9})\\..*");

  /** A way to name modules. */
  public sealed interface Names {
    /** Every linear module of the blocks. */
    record AllLinear() implements Names {}

    /** Modules of these names, or whose last parts are one of them: {@code q_proj}. */
    record Listed(List<String> names) implements Names {
      /** Copies. */
      public Listed {
        names = List.copyOf(names);
      }
    }

    /** Modules whose whole name a regular expression matches. */
    record Matching(String pattern) implements Names {
      /**
       * Checks the pattern.
       *
       * @throws BadInput if it is no regular expression
       */
      public Matching {
        compile(pattern);
      }
    }
  }

  /** Copies the lists. */
  public TargetModules {
    layers = List.copyOf(layers);
    layersPattern = List.copyOf(layersPattern);
  }

  /** Modules chosen by name or pattern, without exceptions. */
  public static TargetModules of(Names chosen) {
    return new TargetModules(chosen, new Names.Listed(List.of()), List.of(), List.of());
  }

  /** Every linear module of the blocks. */
  public static TargetModules allLinear() {
    return of(new Names.AllLinear());
  }

  /**
   * What a user writes: {@code all-linear}, names with commas between, or a regular expression for
   * whole names.
   *
   * @throws BadInput if it is none of these
   */
  public static TargetModules parse(String text) {
    if (text.toLowerCase(Locale.ROOT).equals(ALL_LINEAR)) {
      return allLinear();
    }
    return text.matches("[\\w.]+(,[\\w.]+)*")
        ? of(new Names.Listed(List.of(text.split(",", -1))))
        : of(new Names.Matching(text));
  }

  /**
   * The same in some layers alone.
   *
   * @param only their numbers
   */
  public TargetModules in(List<Integer> only) {
    return new TargetModules(chosen, excluded, only, layersPattern);
  }

  /** The same and some modules more, by their whole names. */
  TargetModules and(List<String> modules) {
    Names more =
        switch (chosen) {
          case Names.AllLinear() ->
              new Names.Listed(
                  Stream.concat(
                          ModelTensors.LINEAR.stream().map(n -> n.substring(n.indexOf('.') + 1)),
                          modules.stream())
                      .toList());
          case Names.Listed(var listed) ->
              new Names.Listed(
                  Stream.concat(listed.stream(), modules.stream()).distinct().toList());
          case Names.Matching(String pattern) ->
              new Names.Matching(
                  "(?:" + pattern + ")|" + String.join("|", modules).replace(".", "\\."));
        };
    return new TargetModules(more, excluded, layers, layersPattern);
  }

  /** Whether a module, named as Hugging Face does, is changed. */
  public boolean matches(String module) {
    return !matches(excluded, module) && matches(chosen, module) && inLayers(module);
  }

  private static boolean matches(Names names, String module) {
    return switch (names) {
      case Names.AllLinear() ->
          !module.equals(ModelTensors.HEAD_MODULE) && !module.equals(ModelTensors.EMBEDDING_MODULE);
      case Names.Listed(var listed) ->
          listed.stream().anyMatch(name -> module.equals(name) || module.endsWith("." + name));
      case Names.Matching(String pattern) -> fullMatch(pattern, module);
    };
  }

  private boolean inLayers(String module) {
    if (layers.isEmpty()) {
      return true;
    }
    List<Pattern> counted =
        layersPattern.isEmpty()
            ? List.of(ANY_LAYER)
            : layersPattern.stream()
                .map(name -> compile("(?:|.*?\\.)" + name + "\\.(\\d{1,9})\\..*"))
                .toList();
    for (Pattern pattern : counted) {
      Matcher matcher = pattern.matcher(new Bounded(module, new int[1]));
      if (matches(matcher, module)) {
        return layers.contains(Integer.parseInt(matcher.group(matcher.groupCount())));
      }
    }
    return false;
  }

  /** Whether a pattern, which may come from a file, matches a whole name. */
  static boolean fullMatch(String pattern, String name) {
    return matches(compile(pattern).matcher(new Bounded(name, new int[1])), name);
  }

  /**
   * A pattern with many ways to match nothing, such as {@code (|)(|)(|)…}, may try them for ever
   * without a look at the name. No regular expression can be stopped, but it can be left behind.
   */
  private static boolean matches(Matcher matcher, String name) {
    String pattern = matcher.pattern().pattern();
    long choices = pattern.chars().filter(c -> "|?*+".indexOf(c) >= 0).count();
    if (choices <= MOST_CHOICES && pattern.indexOf('{') < 0) {
      return matcher.matches();
    }
    FutureTask<Boolean> task = new FutureTask<>(matcher::matches);
    Thread.ofPlatform().daemon().start(task);
    try {
      return task.get(LONGEST_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw forever(name);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof BadInput input ? input : forever(name);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EnvironmentFailure("target modules: interrupted", e);
    }
  }

  private static BadInput forever(CharSequence name) {
    return new BadInput("target modules: the regular expression takes forever on " + name);
  }

  static Pattern compile(String pattern) {
    try {
      if (pattern.length() <= LONGEST_PATTERN) {
        return Pattern.compile(pattern);
      }
    } catch (PatternSyntaxException e) {
      throw new BadInput(
          "target modules: '" + pattern + "' is no regular expression: " + e.getDescription(), e);
    }
    throw new BadInput(
        "target modules: a regular expression of " + pattern.length() + " characters, too long");
  }

  /** A name that a runaway pattern can look at only so often. */
  @SuppressWarnings("ArrayRecordComponent") // a counter shared with the parts cut out of the name
  private record Bounded(CharSequence text, int[] steps) implements CharSequence {
    @Override
    public char charAt(int index) {
      if (++steps[0] > MOST_STEPS) {
        throw forever(text);
      }
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new Bounded(text.subSequence(start, end), steps);
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }
}
