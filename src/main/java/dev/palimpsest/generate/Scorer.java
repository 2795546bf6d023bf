package dev.palimpsest.generate;

import dev.palimpsest.data.Example;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import dev.palimpsest.tensor.TokenLogprobs;
import dev.palimpsest.tensor.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Log-probabilities of labelled tokens. Neighbours that share their beginning, such as the choices
 * of one question, have it computed once; the head is computed only where a label is.
 */
public final class Scorer {
  /** Rows of one pass: enough for the matrix products, little enough for the caches. */
  static final int ROWS = 512;

  /** The same on a GPU. */
  private static final int ROWS_THERE = 8192;

  /** Passes at a time: each has hidden states and logits of its own. */
  private static final int MOST_WORKERS = 4;

  /** Fewer shared tokens cost more in attention by segments than they save. */
  private static final int LEAST_ROOT = 8;

  private final AdaptedDecoder decoder;
  private final Progress progress;

  public Scorer(AdaptedDecoder decoder, Progress progress) {
    this.decoder = decoder;
    this.progress = progress;
  }

  /**
   * What was found at the labelled tokens, in order.
   *
   * @param logprobs in nats
   * @param top whether the token was the most likely one
   */
  public record Scores(float[] logprobs, boolean[] top) {
    /** Sum in nats. */
    public double logprob() {
      double sum = 0;
      for (float logprob : logprobs) {
        sum += logprob;
      }
      return sum;
    }

    /** Whether every token was the most likely one. */
    public boolean greedy() {
      for (boolean each : top) {
        if (!each) {
          return false;
        }
      }
      return true;
    }
  }

  /** A GPU computes one pass after the other. */
  private int sideBySide(int examples) {
    return decoder.decoder().device() == Device.CPU ? Math.clamp(examples, 1, workers()) : 1;
  }

  private int rows() {
    return decoder.decoder().device() == Device.CPU ? ROWS : ROWS_THERE;
  }

  /** How many passes there are at a time. */
  static int workers() {
    return Math.min(Native.threads(), MOST_WORKERS);
  }

  /** Scores all, in order. */
  public List<Scores> score(List<Example> examples) {
    try (Scope _ = Scope.open()) {
      return score(examples, decoder.prepared());
    }
  }

  private List<Scores> score(List<Example> examples, AdaptedDecoder prepared) {
    List<Scores> all = new ArrayList<>(examples.size());
    int[] root = root(examples);
    try (Workers workers = new Workers(sideBySide(examples.size()))) {
      while (all.size() < examples.size()) {
        List<Pass> passes = new ArrayList<>();
        int from = all.size();
        while (passes.size() < workers.count() && from < examples.size()) {
          Pass pass = pass(examples, from, root);
          passes.add(pass);
          from += pass.items;
        }
        all.addAll(run(passes, prepared, workers));
        progress.report("scoring", from, examples.size(), "items");
      }
    }
    return all;
  }

  /** Side by side; a rest, and passes of long texts, one after the other by all threads. */
  private static List<Scores> run(List<Pass> passes, AdaptedDecoder prepared, Workers workers) {
    if (passes.size() < workers.count() || passes.stream().anyMatch(pass -> pass.rows() > ROWS)) {
      return passes.stream().flatMap(pass -> pass.run(prepared).stream()).toList();
    }
    List<List<Scores>> found = new ArrayList<>(Collections.nCopies(passes.size(), List.of()));
    workers.run(i -> found.set(i, passes.get(i).run(prepared)));
    return found.stream().flatMap(List::stream).toList();
  }

  /** From an example on, as many as a pass takes, at least one. */
  private Pass pass(List<Example> examples, int from, int[] root) {
    Pass pass = new Pass(root);
    int to = from;
    while (to < examples.size()) {
      int end = familyEnd(examples, to);
      List<Example> family = examples.subList(to, end);
      if (to > from && pass.rows() + rows(family) - root.length > rows()) {
        break;
      }
      pass.add(family);
      to = end;
    }
    return pass;
  }

  /** What all begin with, if that is worth a segment of its own: a template's system prompt. */
  private static int[] root(List<Example> examples) {
    int shared = examples.size() > 1 ? shared(examples) : 0;
    return shared < LEAST_ROOT ? new int[0] : Arrays.copyOf(examples.getFirst().ids(), shared);
  }

  private static int rows(List<Example> family) {
    int shared = shared(family);
    return shared + family.stream().mapToInt(s -> s.ids().length - shared).sum();
  }

  /** The examples from {@code start} on that share all that comes before their labels. */
  private static int familyEnd(List<Example> examples, int start) {
    Example head = examples.get(start);
    int needed = head.firstLabel() - 1;
    int end = start + 1;
    while (end < examples.size()
        && needed > 0
        && examples.get(end).firstLabel() == head.firstLabel()
        && common(head.ids(), examples.get(end).ids()) >= needed) {
      end++;
    }
    return end;
  }

  private static int common(int[] a, int[] b) {
    int mismatch = Arrays.mismatch(a, b);
    return mismatch < 0 ? a.length : mismatch;
  }

  private static int shared(List<Example> family) {
    int shared = Integer.MAX_VALUE;
    for (Example example : family) {
      shared = Math.min(shared, common(family.getFirst().ids(), example.ids()));
    }
    return shared;
  }

  /** One run through the decoder. */
  private final class Pass {
    private final Ragged.Builder builder = new Ragged.Builder();
    private final List<int[]> labels = new ArrayList<>(); // {row, token, item}
    private final int root;
    private int items;

    /** A pass over sequences that all begin with {@code root}, which may be empty. */
    Pass(int[] root) {
      this.root = root.length;
      if (root.length > 0) {
        builder.add(root);
      }
    }

    int rows() {
      return builder.rows();
    }

    void add(List<Example> family) {
      int[] first = family.getFirst().ids();
      int shared = family.size() == 1 ? first.length : shared(family);
      int start = builder.rows();
      int prefix = shared > root ? continued(Arrays.copyOfRange(first, root, shared)) : 0;
      for (Example example : family) {
        int own = builder.rows();
        if (example.ids().length > shared) {
          builder.add(Arrays.copyOfRange(example.ids(), shared, example.ids().length), prefix);
        }
        for (int i = 1; i < example.ids().length; i++) {
          if (example.label()[i]) {
            labels.add(new int[] {row(i - 1, shared, start, own), example.ids()[i], items});
          }
        }
        items++;
      }
    }

    private int continued(int[] ids) {
      return root > 0 ? builder.add(ids, 0) : builder.add(ids);
    }

    /** The row of a sequence's token: in the root, in what its family shares, or its own. */
    private int row(int token, int shared, int start, int own) {
      if (token < root) {
        return token;
      }
      return token < shared ? start + token - root : own + token - shared;
    }

    List<Scores> run(AdaptedDecoder prepared) {
      float[] logprobs = new float[labels.size()];
      boolean[] top = new boolean[labels.size()];
      Native.withoutGradients(
          () -> {
            try (Scope _ = Scope.open()) {
              Tensor hidden = prepared.hidden(builder.build());
              int most = prepared.decoder().headRows();
              for (int from = 0; from < labels.size(); from += most) {
                head(hidden, from, Math.min(from + most, labels.size()), logprobs, top);
              }
            }
          });
      return byItem(logprobs, top);
    }

    private void head(Tensor hidden, int from, int to, float[] logprobs, boolean[] top) {
      try (Scope _ = Scope.open()) {
        int[] rows = new int[to - from];
        int[] tokens = new int[to - from];
        for (int i = from; i < to; i++) {
          rows[i - from] = labels.get(i)[0];
          tokens[i - from] = labels.get(i)[1];
        }
        Tensor logits = decoder.logits(hidden.rows(Tensor.ofIndices(rows)));
        TokenLogprobs found = TokenLogprobs.inPlaceOf(logits, tokens);
        System.arraycopy(found.logprobs(), 0, logprobs, from, rows.length);
        System.arraycopy(found.top(), 0, top, from, rows.length);
      }
    }

    private List<Scores> byItem(float[] logprobs, boolean[] top) {
      List<Scores> scores = new ArrayList<>(items);
      int from = 0;
      for (int item = 0; item < items; item++) {
        int to = from;
        while (to < labels.size() && labels.get(to)[2] == item) {
          to++;
        }
        scores.add(
            new Scores(Arrays.copyOfRange(logprobs, from, to), Arrays.copyOfRange(top, from, to)));
        from = to;
      }
      return scores;
    }
  }
}
