package dev.palimpsest.generate;

import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Writes many sequences at once: a fixed number of slots, each refilled as soon as its sequence
 * ends. Every step computes all slots, so that a sequence's tokens do not hang on its neighbours.
 */
final class Generator {
  private static final int SLOTS = 16;

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
    try (Scope _ = Scope.open()) {
      return write(requests, decoder.prepared());
    }
  }

  private List<Written> write(List<Request> requests, AdaptedDecoder prepared) {
    Written[] done = new Written[requests.size()];
    int longest = requests.stream().mapToInt(r -> r.prompt.length + r.maxTokens).max().orElse(0);
    int rows = Math.min(longest, prepared.context());
    try (KvCache cache = new KvCache(prepared.config(), SLOTS, rows, prepared.past())) {
      Slot[] slots = new Slot[SLOTS];
      int next = 0;
      int finished = 0;
      while (finished < done.length) {
        for (int i = 0; i < SLOTS; i++) {
          while (slots[i] == null && next < done.length) {
            slots[i] = new Slot(requests.get(next), next);
            prefill(prepared, cache, i, slots[i]);
            next++;
            finished += settle(slots, i, done);
          }
        }
        if (finished < done.length) {
          step(prepared, cache, slots);
          for (int i = 0; i < SLOTS; i++) {
            finished += settle(slots, i, done);
          }
        }
        progress.report("generating", finished, done.length, "items");
      }
    }
    return Arrays.asList(done);
  }

  /** Moves a slot's finished sequence out; returns 1 if there was one. */
  private static int settle(@Nullable Slot[] slots, int index, Written[] done) {
    Slot slot = slots[index];
    if (slot == null || slot.finish == null) {
      return 0;
    }
    done[slot.item] = new Written(slot.ids(), slot.finish);
    slots[index] = null;
    return 1;
  }

  private void prefill(AdaptedDecoder prepared, KvCache cache, int index, Slot slot) {
    Ragged prompt = Ragged.of(slot.request.prompt);
    Native.withoutGradients(
        () -> {
          try (Scope _ = Scope.open()) {
            Tensor hidden =
                prepared.hidden(
                    prompt.ids(),
                    prompt.positions(),
                    cache.prefill(index, prepared.attention(prompt)));
            take(slot, prepared.logits(hidden.narrow(0, prompt.rows() - 1, 1)));
          }
        });
  }

  private void step(AdaptedDecoder prepared, KvCache cache, @Nullable Slot[] slots) {
    int[] ids = new int[SLOTS];
    int[] positions = new int[SLOTS];
    for (int i = 0; i < SLOTS; i++) {
      Slot slot = slots[i];
      if (slot != null) {
        ids[i] = slot.written.getLast();
        positions[i] = slot.length() - 1;
      }
    }
    Native.withoutGradients(
        () -> {
          try (Scope _ = Scope.open()) {
            Tensor logits =
                prepared.logits(prepared.hidden(ids, positions, cache.decode(positions)));
            for (int i = 0; i < SLOTS; i++) {
              Slot slot = slots[i];
              if (slot != null) {
                take(slot, logits.narrow(0, i, 1));
              }
            }
          }
        });
  }

  private void take(Slot slot, Tensor logits) {
    int token = slot.request.sampler.choose(logits);
    if (endTokens.contains(token)) {
      slot.finish = FinishReason.STOP;
      return;
    }
    slot.written.add(token);
    if (slot.request.stop.test(slot.ids())) {
      slot.finish = FinishReason.STOP;
    } else if (slot.written.size() >= slot.request.maxTokens
        || slot.length() >= decoder.context()) {
      slot.finish = FinishReason.LENGTH;
    }
  }

  /** A sequence in the making. */
  private static final class Slot {
    private final Request request;
    private final int item;
    private final List<Integer> written = new ArrayList<>();
    private @Nullable FinishReason finish;

    Slot(Request request, int item) {
      this.request = request;
      this.item = item;
    }

    int length() {
      return request.prompt.length + written.size();
    }

    int[] ids() {
      return written.stream().mapToInt(Integer::intValue).toArray();
    }
  }
}
