package dev.palimpsest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tokenizer.TemplateException;
import java.lang.management.ManagementFactory;
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
  /** Of processor time, since others may keep the machine busy. */
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
                  while (failure.get() == null && now.get() < end) {
                    try {
                      refused.addAndGet(refused(reader, now.get()));
                      now.incrementAndGet();
                    } catch (Throwable e) {
                      failure.set(e);
                    }
                  }
                });
    int seen = -1;
    long began = 0;
    for (; worker.isAlive(); worker.join(500)) {
      long spent = ManagementFactory.getThreadMXBean().getThreadCpuTime(worker.threadId());
      if (seen != now.get()) {
        seen = now.get();
        began = spent;
      } else if (spent - began > LONGEST.toNanos()) {
        AssertionError hang = new AssertionError("mutation " + seen + " takes too long");
        hang.setStackTrace(worker.getStackTrace());
        throw hang;
      }
    }
    if (failure.get() != null) {
      throw new AssertionError("mutation " + now.get() + ": " + failure.get(), failure.get());
    }
    return refused.get();
  }

  /** 1 if a mutation is refused, 0 if it works. */
  private static int refused(Reader reader, int seed) throws Exception {
    try {
      reader.read(new Mutator(seed));
      return 0;
    } catch (BadInput | TemplateException e) {
      assertThat(e.getMessage()).isNotBlank();
      return 1;
    }
  }
}
