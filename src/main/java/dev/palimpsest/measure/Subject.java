package dev.palimpsest.measure;

import dev.palimpsest.generate.Answerer;
import dev.palimpsest.generate.Prompting;
import java.util.function.Supplier;

/**
 * One side of a ledger: a system under test.
 *
 * @param key what its answers depend on
 * @param answerer asked for only when something is not yet known, so that a cached side is not
 *     loaded; called once per probe at most
 * @param loops finds loops in its answers' tokens
 */
public record Subject(SubjectKey key, Supplier<Answerer> answerer, Loops loops) {
  /** The same system with something put before every prompt. */
  public Subject prompted(Prompting prompting) {
    return new Subject(key.prompted(prompting.key()), () -> prompting.over(answerer.get()), loops);
  }
}
