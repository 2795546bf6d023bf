package dev.palimpsest.tune;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.Footprint;
import dev.palimpsest.model.ModelConfig;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.Seeds;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What of a model trains, as a user asks for it; {@code run.json} holds it. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "family")
@JsonSubTypes({
  @JsonSubTypes.Type(value = LowRank.class, name = "low-rank"),
  @JsonSubTypes.Type(value = Continued.class, name = "continued"),
  @JsonSubTypes.Type(value = Stacked.class, name = "stacked"),
  @JsonSubTypes.Type(value = PromptLearning.class, name = "prompt-learning"),
  @JsonSubTypes.Type(value = Full.class, name = "full")
})
public sealed interface Method permits LowRank, Continued, Stacked, PromptLearning, Full {
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

  /** Precisions of a base that it trains over. */
  default List<Precision> precisions() {
    return List.of(Precision.values());
  }

  /**
   * The most bytes that a run takes, the model among them.
   *
   * @param rows of the longest pass
   */
  long peakBytes(Footprint base, TuneSettings settings, int rows);

  /**
   * The method on a model.
   *
   * @param name of the model, for what comes of the run
   * @throws dev.palimpsest.run.BadInput if the model has nothing that the method asks for
   */
  Start over(LanguageModel model, String name);

  /** Whether its product is a LoRA adapter, which its checkpoints hold, too. */
  default boolean ofFactors() {
    return false;
  }

  /** Names of the base's tensors that it changes. */
  Set<String> changes(ModelConfig model);

  /** The adapter that it begins with. */
  default Optional<Earlier> earlier() {
    return Optional.empty();
  }

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
