package dev.palimpsest.compare;

import dev.palimpsest.generate.Endpoint;
import dev.palimpsest.generate.Shots;
import dev.palimpsest.measure.LedgerJob;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A bake-off as a user asks for it: arms that are put to the same items (docs/formats/plan.md).
 *
 * @param model that the arms are made from
 * @param gain probes that are meant to rise
 * @param retention probes that are not meant to move
 * @param builtIn whether the program's own retention probes are put to them, too
 * @param seeds each arm that trains does so once for each
 * @param reference the arm that others are told against
 * @param sizes of what is measured
 * @param price of an hour of this machine, in any currency
 */
public record Plan(
    String model,
    List<Path> gain,
    List<Path> retention,
    boolean builtIn,
    List<Long> seeds,
    String reference,
    Sizes sizes,
    OptionalDouble price,
    List<Arm> arms) {
  /** Copies the lists. */
  public Plan {
    gain = List.copyOf(gain);
    retention = List.copyOf(retention);
    seeds = List.copyOf(seeds);
    arms = List.copyOf(arms);
  }

  /**
   * How much is measured.
   *
   * @param maxTokens of an answer
   * @param texts of the base that the divergence is measured along; 0 for none
   * @param timed prompts on which speed is measured; 0 for none
   */
  public record Sizes(int maxTokens, int texts, int timed) {
    /** If nothing is said. */
    public static final Sizes USUAL =
        new Sizes(LedgerJob.MAX_TOKENS, LedgerJob.TEXTS, Speed.TOGETHER);
  }

  /** Tokens of an answer at most. */
  public int maxTokens() {
    return sizes.maxTokens;
  }

  /**
   * One way to do the task.
   *
   * @param system before every conversation that has none
   * @param examples worked ones before every prompt
   * @param change of the model; none for the base
   */
  public record Arm(
      String name, Optional<String> system, Optional<Shots> examples, Change change) {}

  /** What an arm does to the model. */
  public sealed interface Change {
    /** Nothing. */
    record None() implements Change {}

    /** An adapter that is there already. */
    record Adapted(Path adapter) implements Change {}

    /** Another model, behind an OpenAI-compatible API, in the model's place. */
    record Remote(Endpoint endpoint) implements Change {}

    /**
     * A run of its own.
     *
     * @param options of {@code tune}, by their long names without dashes
     */
    record Tuned(Map<String, String> options) implements Change {
      /** Copies the options. */
      public Tuned {
        options = Map.copyOf(options);
      }
    }

    /** A word for it. */
    default String word() {
      return switch (this) {
        case None none -> "base";
        case Adapted adapted -> "adapter";
        case Remote remote -> "endpoint";
        case Tuned tuned -> "tuned";
      };
    }
  }
}
