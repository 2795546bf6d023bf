package dev.palimpsest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tokenizer.TemplateException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Gives a reader one damaged file after the other: each is read or refused as bad input, in one
 * line and in time. Whatever else happens fails the test with the seed; {@code -Dmutation=SEED}
 * reads that one alone.
 */
public final class Hostile {
  private static final Duration LONGEST = Duration.ofSeconds(20);
  private static final int ONLY = Integer.getInteger("mutation", -1);

  /** Reads what a mutator damages. */
  public interface Reader {
    void read(Mutator mutator) throws Exception;
  }

  private Hostile() {}

  /** How many of the mutations are refused. */
  public static int refusals(int mutations, Reader reader) throws InterruptedException {
    AtomicInteger now = new AtomicInteger(Math.max(0, ONLY));
    AtomicInteger refused = new AtomicInteger();
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    int end = ONLY < 0 ? mutations : ONLY + 1;
    Thread worker =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  for (; now.get() < end && failure.get() == null; now.incrementAndGet()) {
                    try {
                      reader.read(new Mutator(now.get()));
                    } catch (BadInput | TemplateException e) {
                      refused.incrementAndGet();
                      assertThat(e.getMessage()).isNotBlank();
                    } catch (Throwable e) {
                      failure.set(e);
                      break;
                    }
                  }
                });
    for (int seen = -1; worker.isAlive(); worker.join(LONGEST.toMillis())) {
      if (seen == now.get()) {
        AssertionError hang = new AssertionError("mutation " + seen + " takes too long");
        hang.setStackTrace(worker.getStackTrace());
        throw hang;
      }
      seen = now.get();
    }
    if (failure.get() != null) {
      throw new AssertionError("mutation " + now.get() + ": " + failure.get(), failure.get());
    }
    return refused.get();
  }
}
