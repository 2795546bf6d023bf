package dev.palimpsest.measure;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a grader says about an answer.
 *
 * @param right what lost and won items are counted by
 * @param score from 0 to 1, of graders that know more than right and wrong
 * @param verdict of a judge, of graders that ask one
 */
record Grade(boolean right, OptionalDouble score, Optional<Judge.Verdict> verdict) {
  static Grade of(boolean right) {
    return new Grade(right, OptionalDouble.empty(), Optional.empty());
  }

  static Grade of(Judge.Verdict verdict) {
    return new Grade(verdict.asGood(), OptionalDouble.empty(), Optional.of(verdict));
  }

  /** Right from a least score on. */
  static Grade of(double score, double least) {
    return new Grade(score >= least, OptionalDouble.of(score), Optional.empty());
  }
}
