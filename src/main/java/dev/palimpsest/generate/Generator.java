package dev.palimpsest.generate;

import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.model.StepDecoder;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.LongRows;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import dev.palimpsest.tensor.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Writes many sequences at once, each in a slot that is refilled as soon as its sequence ends. A
 * sequence's tokens do not hang on its neighbours: either a row's bits hang on that row alone, or
 * every step computes a number of rows for which they do, or always the same, and every prompt is a
 * pass of its own.
 */
final class Generator {
  /** Slots where the bits hang on their number; the least that a small pass must take. */
  private static final int SLOTS = 16;

  /** Slots where they do not: more add little speed and much memory. */
  private static final int MOST_SLOTS = 32;

  /** Slots for which a worker of their own pays. */
  private static final int LEAST_SHARE = 4;

  /** Rows of prompts in one pass. */
  private static final int PREFILL_ROWS = 512;

  private final AdaptedDecoder decoder;
  private final Set<Integer> endTokens;
  private final Progress progress;

  Generator(AdaptedDecoder decoder, Set<Integer> endTokens, Progress progress) {
    this.decoder = decoder;
    this.endTokens = endTokens;
    this.progress = progress;
  }

  /**
   * One sequence to write.
   *
   * @param prompt ids, at least one
   * @param maxTokens at most so many after them
   * @param stop looks at the ids written so far
   */
  record Request(int[] prompt, int maxTokens, Sampler sampler, Predicate<int[]> stop) {}

  /** What was written, without the end token. */
  record Written(int[] ids, FinishReason finish) {}

  /** Writes all, in the order of the requests. */
  List<Written> write(List<Request> requests) {
    if (requests.isEmpty()) {
      return List.of();
    }
    int longest = requests.stream().mapToInt(r -> r.prompt.length + r.maxTokens).max().orElse(0);
    try (Scope _ = Scope.open()) {
      AdaptedDecoder prepared = decoder.prepared();
      int capacity = Math.min(longest, prepared.context());
      int standAlone = prepared.rowsThatStandAlone();
      Company company = Company.of(standAlone);
      int slots =
          prepared.decoder().device() == Device.CPU
              ? company.slots(
                  requests.size(),
                  Math.min(standAlone, KvCache.fitting(prepared, capacity, MOST_SLOTS)))
              : KvCache.there(prepared, capacity);
      Queue queue = new Queue(requests, progress);
      try (Workers workers = new Workers(company.workers(slots))) {
        int share = Math.ceilDiv(slots, workers.count());
        workers.run(
            _ -> {
              try (KvCache cache =
                  new KvCache(prepared.decoder(), share, capacity, prepared.past())) {
                new Work(prepared, company, cache, new Slot[share], queue).write();
              } finally { // others need not go on where this one has failed
                queue.end();
              }
            });
      }
      return queue.done();
    }
  }

  /** What is to be written, and what has been. */
  private static final class Queue {
    private final List<Request> requests;
    private final Progress progress;
    private final Written[] done;
    private int next;
    private int finished;

    Queue(List<Request> requests, Progress progress) {
      this.requests = requests;
      this.progress = progress;
      this.done = new Written[requests.size()];
    }

    /** The next one's number, if there is one whose prompt has at most so many rows. */
    synchronized OptionalInt next(int rows) {
      return next < done.length && requests.get(next).prompt.length <= rows
          ? OptionalInt.of(next++)
          : OptionalInt.empty();
    }

    synchronized void put(int item, Written written) {
      done[item] = written;
      finished++;
      progress.report("generating", finished, done.length, "items");
    }

    /** Nothing waits any more. */
    synchronized void end() {
      next = done.length;
    }

    synchronized List<Written> done() {
      return List.of(done);
    }
  }

  /** How many rows a pass may have, so that a sequence's bits do not hang on its neighbours. */
  private enum Company {
    /** As many as there are. */
    ANY,
    /** A power of two, up to a limit. */
    SMALL,
    /** Always as many. */
    FIXED;

    static Company of(int rowsThatStandAlone) {
      if (rowsThatStandAlone == Integer.MAX_VALUE) {
        return ANY;
      }
      return rowsThatStandAlone >= SLOTS ? SMALL : FIXED;
    }

    /** Slots for so many requests. */
    int slots(int requests, int most) {
      return switch (this) {
        case ANY -> Math.min(requests, most);
        case SMALL -> Math.min(powerOfTwoFrom(requests), Integer.highestOneBit(most));
        case FIXED -> SLOTS;
      };
    }

    /** How many threads write side by side: only where it does not matter who writes what. */
    int workers(int slots) {
      return this == ANY ? Math.clamp(slots / LEAST_SHARE, 1, Native.threads()) : 1;
    }

    /** Rows of a step whose slots are taken up to so many. */
    int rows(int taken, int slots) {
      return switch (this) {
        case ANY -> taken;
        case SMALL -> powerOfTwoFrom(taken);
        case FIXED -> slots;
      };
    }

    private static int powerOfTwoFrom(int count) {
      return count == 1 ? 1 : 2 * Integer.highestOneBit(count - 1);
    }
  }

  /** Logits of what comes next in each of the first slots. */
  @FunctionalInterface
  private interface Steps {
    Tensor logits(int[] ids, int[] positions);
  }

  private static Steps steps(AdaptedDecoder prepared, KvCache cache) {
    if (prepared.decoder().device() == Device.CPU) {
      StepDecoder arrays = prepared.steps();
      return (ids, positions) -> arrays.logits(ids, positions, cache.decode(positions));
    }
    return (ids, positions) ->
        prepared.logits(prepared.hidden(ids, positions, cache.decodeThere(positions)));
  }

  /** Requests on their way through the slots. */
  private final class Work {
    private final AdaptedDecoder prepared;
    private final Steps steps;
    private final Company company;
    private final KvCache cache;
    private final @Nullable Slot[] slots;
    private final Queue queue;

    Work(
        AdaptedDecoder prepared,
        Company company,
        KvCache cache,
        @Nullable Slot[] slots,
        Queue queue) {
      this.prepared = prepared;
      this.steps = steps(prepared, cache);
      this.company = company;
      this.cache = cache;
      this.slots = slots;
      this.queue = queue;
    }

    void write() {
      while (true) {
        List<Integer> filled = fill();
        if (!filled.isEmpty()) {
          Native.withoutGradients(() -> prefill(filled));
        } else if (Arrays.stream(slots).anyMatch(Objects::nonNull)) {
          Native.withoutGradients(this::step);
        } else {
          return;
        }
        settle();
      }
    }

    /** Puts waiting requests into free slots, as many as one pass computes; gives those slots. */
    private List<Integer> fill() {
      List<Integer> filled = new ArrayList<>();
      int most = company == Company.ANY ? PREFILL_ROWS : 0;
      int rows = 0;
      for (int i = 0; i < slots.length; i++) {
        if (slots[i] == null) {
          OptionalInt taken = queue.next(filled.isEmpty() ? Integer.MAX_VALUE : most - rows);
          if (taken.isEmpty()) {
            break;
          }
          Slot slot = new Slot(queue.requests.get(taken.getAsInt()), taken.getAsInt());
          rows += slot.prompt().length;
          slots[i] = slot;
          filled.add(i);
        }
      }
      return filled;
    }

    /** Moves finished sequences out. */
    private void settle() {
      for (int i = 0; i < slots.length; i++) {
        Slot slot = slots[i];
        if (slot != null && slot.finish != null) {
          queue.put(slot.item, new Written(slot.ids(), slot.finish));
          slots[i] = null;
        }
      }
    }

    private void prefill(List<Integer> filled) {
      try (Scope _ = Scope.open()) {
        Ragged prompts =
            Ragged.of(filled.stream().map(i -> Objects.requireNonNull(slots[i]).prompt()).toList());
        int[] last =
            prompts.segments().stream().mapToInt(s -> s.start() + s.length() - 1).toArray();
        Tensor hidden =
            prepared.hidden(
                prompts.ids(),
                prompts.positions(),
                cache.prefill(filled, prompts, prepared.attention(prompts)));
        take(filled, prepared.logits(hidden.rows(Tensor.ofIndices(last))));
      }
    }

    private void step() {
      int rows = rows();
      int[] ids = new int[rows];
      int[] positions = new int[rows];
      for (int i = 0; i < rows; i++) {
        Slot slot = slots[i];
        if (slot != null) {
          ids[i] = slot.written.getLast();
          positions[i] = slot.length() - 1;
        }
      }
      try (Scope _ = Scope.open()) {
        Tensor logits = steps.logits(ids, positions);
        take(IntStream.range(0, rows).boxed().toList(), logits);
      }
    }

    private int rows() {
      int taken = slots.length;
      while (slots[taken - 1] == null) {
        taken--;
      }
      return company.rows(taken, slots.length);
    }

    /** Chooses a token for each slot by its row; a free slot's is nothing. */
    private void take(List<Integer> rows, Tensor logits) {
      int[] top = LongRows.argmax(logits);
      for (int i = 0; i < top.length; i++) {
        Slot slot = slots[rows.get(i)];
        if (slot != null) {
          slot.take(slot.request.sampler.choose(logits.narrow(0, i, 1), top[i]));
        }
      }
    }
  }

  /** A sequence in the making. */
  private final class Slot {
    private final Request request;
    private final int item;
    private final List<Integer> written = new ArrayList<>();
    private @Nullable FinishReason finish;

    Slot(Request request, int item) {
      this.request = request;
      this.item = item;
    }

    int[] prompt() {
      return request.prompt;
    }

    void take(int token) {
      if (endTokens.contains(token)) {
        finish = FinishReason.STOP;
        return;
      }
      written.add(token);
      if (request.stop.test(ids())) {
        finish = FinishReason.STOP;
      } else if (written.size() >= request.maxTokens || length() >= decoder.context()) {
        finish = FinishReason.LENGTH;
      }
    }

    int length() {
      return request.prompt.length + written.size();
    }

    int[] ids() {
      return written.stream().mapToInt(Integer::intValue).toArray();
    }
  }
}
