package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TeamTest {
  private static final long MANY = 1 << 20; // elements worth a second thread

  private final int before = Native.threads();

  @AfterEach
  void threads() {
    Native.threads(before);
  }

  static Stream<Arguments> sizes() {
    return Stream.of(0, 1, 2, 7, 8, 9, 31, 1000)
        .flatMap(rows -> Stream.of(1, 2, 3).map(threads -> Arguments.of(rows, threads)));
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void compute_eachRow_isVisitedOnce(int rows, int threads) {
    Native.threads(threads);
    for (long elements : new long[] {1, MANY}) {
      AtomicIntegerArray visits = new AtomicIntegerArray(rows + 1);

      Team.compute(rows, elements, (from, to) -> visit(visits, from, to));

      assertVisitedOnce(visits, rows);
    }
  }

  private static void visit(AtomicIntegerArray visits, int from, int to) {
    for (int row = from; row < to; row++) {
      visits.incrementAndGet(row);
    }
  }

  private static void assertVisitedOnce(AtomicIntegerArray visits, int count) {
    assertThat(IntStream.range(0, count).map(visits::get)).hasSize(count).allMatch(n -> n == 1);
    assertThat(visits.get(count)).isZero();
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void each_eachTask_isVisitedOnce(int tasks, int threads) {
    Native.threads(threads);
    AtomicIntegerArray visits = new AtomicIntegerArray(tasks + 1);

    Team.each(tasks, visits::incrementAndGet);

    assertVisitedOnce(visits, tasks);
  }

  @Test
  void compute_fewElements_wakesNobody() {
    Native.threads(2);
    Set<Thread> threads = ConcurrentHashMap.newKeySet();

    Team.compute(100, 1, (_, _) -> threads.add(Thread.currentThread()));

    assertThat(threads).containsExactly(Thread.currentThread());
  }

  @Test
  @EnabledOnOs(OS.LINUX) // elsewhere OpenMP is not found
  void each_twoThreads_workAtOnce() {
    Native.threads(2);
    Thread[] ran = new Thread[2];
    CyclicBarrier meeting = new CyclicBarrier(2);

    Team.each(
        2,
        task -> {
          ran[task] = Thread.currentThread();
          meet(meeting);
        });

    assertThat(ran).contains(Thread.currentThread()).doesNotHaveDuplicates();
  }

  private static void meet(CyclicBarrier meeting) {
    try {
      meeting.await(10, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void each_aTaskFails_isThrownAndTheNextCallWorks(int threads) {
    Native.threads(threads);
    IllegalArgumentException failure = new IllegalArgumentException("no 7");

    for (int round = 0; round < 3; round++) {
      assertThatThrownBy(
              () ->
                  Team.each(
                      20,
                      task -> {
                        if (task == 7) {
                          throw failure;
                        }
                      }))
          .isInstanceOf(IllegalStateException.class)
          .hasCause(failure);

      AtomicIntegerArray visits = new AtomicIntegerArray(21);
      Team.each(20, visits::incrementAndGet);
      assertVisitedOnce(visits, 20);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void compute_anErrorInARow_isThrownAndTheNextCallWorks(int threads) {
    Native.threads(threads);
    AssertionError failure = new AssertionError("row 40");

    assertThatThrownBy(
            () ->
                Team.compute(
                    100,
                    MANY,
                    (from, to) -> {
                      if (from <= 40 && 40 < to) {
                        throw failure;
                      }
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasCause(failure);

    AtomicIntegerArray visits = new AtomicIntegerArray(101);
    Team.compute(100, MANY, (from, to) -> visit(visits, from, to));
    assertVisitedOnce(visits, 100);
  }

  /** As two callers, each with a team of its own. */
  @Test
  void each_ofTwoCallersAtOnce_visitsTheirOwnTasks() throws InterruptedException {
    AtomicIntegerArray visits = new AtomicIntegerArray(2001);
    AtomicIntegerArray others = new AtomicIntegerArray(2001);
    Thread other =
        Thread.ofPlatform()
            .start(
                () -> {
                  Native.threads(2);
                  Team.each(2000, others::incrementAndGet);
                });
    Native.threads(2);
    Team.each(2000, visits::incrementAndGet);
    other.join();

    assertVisitedOnce(visits, 2000);
    assertVisitedOnce(others, 2000);
  }
}
