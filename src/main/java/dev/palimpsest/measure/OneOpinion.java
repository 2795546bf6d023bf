package dev.palimpsest.measure;

import java.util.Optional;

/** Feedback on a prompt whose answers were all liked, or all disliked: nothing to compare. */
record OneOpinion() implements Grader {
  @Override
  public Optional<String> unavailable() {
    return Optional.of("feedback without an answer of the other opinion to the same prompt");
  }

  @Override
  public boolean right(String completion, String answer) {
    throw new IllegalStateException("skipped items are not graded");
  }
}
