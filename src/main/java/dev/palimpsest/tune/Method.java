package dev.palimpsest.tune;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.Seeds;
import java.util.function.IntSupplier;

/** What of a model trains, as a user asks for it; {@code run.json} holds it. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "family")
@JsonSubTypes({
  @JsonSubTypes.Type(value = LowRank.class, name = "low-rank"),
  @JsonSubTypes.Type(value = PromptLearning.class, name = "prompt-learning"),
  @JsonSubTypes.Type(value = Full.class, name = "full")
})
public sealed interface Method permits LowRank, PromptLearning, Full {
  /** The name that the user gives. */
  String method();

  /** What the base is loaded in, if the user does not say. */
  default Precision precision() {
    return Precision.best();
  }

  /** Peak learning rate, if the user says nothing. */
  default double usualRate() {
    return TuneSettings.defaults().rate();
  }

  /**
   * The method on a model.
   *
   * @param name of the model, for what comes of the run
   * @throws dev.palimpsest.run.BadInput if the model has nothing that the method asks for
   */
  Start over(LanguageModel model, String name);

  /** How many tokens of the context it takes for itself. */
  default int virtualTokens() {
    return 0;
  }

  /** A method that has been checked against its model. */
  @FunctionalInterface
  interface Start {
    /** Fresh parameters. */
    Trained begin(Seeds seeds);

    /**
     * Refuses what would not fit into the machine's memory, where loading the model has not looked
     * at it yet.
     *
     * @param rows of the longest pass
     * @throws dev.palimpsest.run.BadInput with both sizes, and what to do
     */
    default void requireMemory(TuneSettings settings, IntSupplier rows) {}
  }
}
