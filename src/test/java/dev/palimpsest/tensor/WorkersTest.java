package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {
  private final int before = Native.threads();

  @AfterEach
  void threads() {
    Native.threads(before);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void run_eachNumber_isDoneOnce(int count) {
    AtomicIntegerArray done = new AtomicIntegerArray(count);
    try (Workers workers = new Workers(count)) {
      workers.run(done::incrementAndGet);
      workers.run(done::incrementAndGet);
    }

    assertThat(IntStream.range(0, count).map(done::get)).containsOnly(2).hasSize(count);
  }

  @Test
  void run_workers_shareTheThreadsOfOneOperation() {
    Native.threads(4);
    int[] threads = new int[2];
    Thread[] ran = new Thread[2];
    CyclicBarrier meeting = new CyclicBarrier(2);
    try (Workers workers = new Workers(2)) {
      workers.run(
          i -> {
            threads[i] = Native.threads();
            ran[i] = Thread.currentThread();
            meet(meeting); // each has a thread of its own, or this waits for ever
          });
    }

    assertThat(threads).containsExactly(2, 2);
    assertThat(ran[0]).isSameAs(Thread.currentThread()).isNotSameAs(ran[1]);
    assertThat(Native.threads()).isEqualTo(4);
  }

  private static void meet(CyclicBarrier meeting) {
    try {
      meeting.await();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void run_oneFails_isThrownWhenAllHaveEnded(int failing) {
    Native.threads(2);
    AtomicIntegerArray ended = new AtomicIntegerArray(2);
    try (Workers workers = new Workers(2)) {
      assertThatThrownBy(
              () ->
                  workers.run(
                      i -> {
                        ended.set(i, 1);
                        if (i == failing) {
                          throw new IllegalArgumentException("no " + i);
                        }
                      }))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("no " + failing);
    }

    assertThat(ended.get(0) + ended.get(1)).isEqualTo(2);
    assertThat(Native.isApart()).isFalse();
    assertThat(Native.threads()).isEqualTo(2);
  }

  /** Attention switches where libtorch's products go, for all threads at once. */
  @Test
  void run_attentionBesideProducts_givesTheSameBitsEachTime() {
    Native.threads(2);
    try (Scope _ = Scope.open();
        Workers workers = new Workers(2)) {
      float[] first = sums(workers);
      for (int i = 0; i < 5; i++) {
        assertThat(sums(workers)).containsExactly(first);
      }
    }
  }

  private static float[] sums(Workers workers) {
    float[] sums = new float[2];
    workers.run(
        i -> {
          try (Scope _ = Scope.open()) {
            Tensor q = wave(96 * 64).view(1, 1, 96, 64);
            Tensor attended = Functional.causalAttention(q, q, q, 0.125).view(96, 64);
            Tensor weight = wave(300 * 64).view(300, 64);
            sums[i] = (float) Functional.linear(attended, weight).square().sum().item();
          }
        });
    return sums;
  }

  private static Tensor wave(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) Math.sin(i);
    }
    return Tensor.of(values, count);
  }
}
