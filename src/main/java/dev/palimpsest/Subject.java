package dev.palimpsest;

import java.util.List;

/**
 * A model that answers: the base, or the base with an adapter over it. Work on one base runs one
 * call after the other, each with all the threads of its {@link Settings}, whichever threads call.
 */
public sealed interface Subject permits Model, Tuned {
  /**
   * Log-likelihoods of a file's completions, or of its texts; of a conversation, of its last
   * answer.
   *
   * @param data rows with answers, or texts
   * @return one score for each row, in order, and their totals
   * @throws dev.palimpsest.run.BadInput if the data cannot be read, or a row is too long
   */
  default Scores score(Data data) {
    return Arm.of(this).score(data);
  }

  /**
   * The answers to prompts, each a user's turn of its own; a model without a chat template goes on
   * from the prompt.
   *
   * @param prompts at least one
   * @param decoding how answers are drawn
   * @return one answer for each prompt, in order, with the ids 1, 2, 3 and so on
   */
  default List<Answer> generate(List<String> prompts, Decoding decoding) {
    return Arm.of(this).generate(prompts, decoding);
  }

  /**
   * The answers to the prompts of a file; answers in it are left out.
   *
   * @param prompts rows with prompts or conversations
   * @param decoding how answers are drawn
   * @return one answer for each row, in order, with the row's id
   * @throws dev.palimpsest.run.BadInput if the file cannot be read, or a row has no prompt
   */
  default List<Answer> generate(Data prompts, Decoding decoding) {
    return Arm.of(this).generate(prompts, decoding);
  }

  /**
   * The ledger of this one, before a change, against another one after it.
   *
   * @param after the same base with an adapter over it, or any other model
   * @return a request; say what to probe, then {@link Probing#measure}
   */
  default Probing ledger(Subject after) {
    return new Probing(Arm.of(this), Arm.of(after));
  }
}
