package dev.palimpsest.tune;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.run.Seeds;

/** What of a model trains, as a user asks for it; {@code run.json} holds it. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "family")
@JsonSubTypes({
  @JsonSubTypes.Type(value = LowRank.class, name = "low-rank"),
  @JsonSubTypes.Type(value = PromptLearning.class, name = "prompt-learning")
})
public sealed interface Method permits LowRank, PromptLearning {
  /** The name that the user gives. */
  String method();

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
  }
}
