package dev.palimpsest.generate;

import java.util.List;

/**
 * A system under test: base, tuned, prompted, retrieval-backed or remote. Whatever judges one,
 * judges all by these two methods.
 */
public interface Answerer {
  /** One answer for each prompt, in order. */
  List<Answer> answer(List<Prompt> prompts, Decoding decoding);

  /** The likelihood of each continuation, in order. */
  List<Likelihood> logLikelihoods(List<Continuation> continuations);
}
