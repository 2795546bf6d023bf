package dev.palimpsest.measure;

import java.util.OptionalDouble;

/**
 * What a grader says about an answer.
 *
 * @param right what lost and won items are counted by
 * @param score from 0 to 1, of graders that know more than right and wrong
 */
public record Grade(boolean right, OptionalDouble score) {
  static Grade of(boolean right) {
    return new Grade(right, OptionalDouble.empty());
  }

  /** Right from a least score on. */
  static Grade of(double score, double least) {
    return new Grade(score >= least, OptionalDouble.of(score));
  }
}
