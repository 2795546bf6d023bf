package dev.palimpsest.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a probe's written answers show beside right and wrong.
 *
 * @param behaviour of both sides
 * @param score of graders that give one; absent unless all items have it
 */
public record Answering(Behaviour.Pair behaviour, Optional<MeanScore> score) {
  /** Of the items that were answered; empty if none was. */
  static Optional<Answering> of(List<Observation> before, List<Observation> after) {
    List<Observation.Answered> first = answered(before);
    List<Observation.Answered> second = answered(after);
    if (first.isEmpty()) {
      return Optional.empty();
    }
    boolean scored =
        first.stream().allMatch(answer -> answer.score().isPresent())
            && first.size() == before.size();
    return Optional.of(
        new Answering(
            Behaviour.pair(first, second),
            scored ? Optional.of(MeanScore.of(scores(first), scores(second))) : Optional.empty()));
  }

  private static List<Observation.Answered> answered(List<Observation> seen) {
    List<Observation.Answered> answered = new ArrayList<>();
    for (Observation each : seen) {
      if (each instanceof Observation.Answered answer) {
        answered.add(answer);
      }
    }
    return answered;
  }

  private static double[] scores(List<Observation.Answered> answers) {
    return answers.stream().mapToDouble(answer -> answer.score().orElseThrow()).toArray();
  }
}
