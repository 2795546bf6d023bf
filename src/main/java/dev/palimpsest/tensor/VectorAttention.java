package dev.palimpsest.tensor;

import dev.palimpsest.tensor.HeadArrays.Source;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/**
 * Attention of documents to themselves on the JDK's vectors, with its gradient: softmax(q · kᵀ ·
 * scale) · v where a row sees those before it in its document. Queries and keys are rotated on the
 * way (RoPE), what nobody sees is not computed, and a row's scores stay in the caches (Dao et al.,
 * 2205.14135). All sums are F32; the bits hang neither on threads nor on what else is computed.
 */
public final class VectorAttention {
  private final Heads heads;
  private final List<Rows> documents;
  private final HeadShares shares;
  private final int[] order; // of documents, the costliest first: none is left for one thread alone

  /**
   * How rows attend.
   *
   * @param queries heads
   * @param keyValues heads, each for as many queries' heads
   * @param width of a head
   * @param window a row sees so many tokens back, itself included; 0 for all
   */
  public record Heads(int queries, int keyValues, int width, double scale, int window) {}

  /** Consecutive rows. */
  public record Span(int start, int length) {}

  /**
   * Rows that ask, and those that they see before their own.
   *
   * @param before oldest first
   */
  public record Document(List<Span> before, Span own) {}

  /**
   * A document's rows.
   *
   * @param all that its columns have, in their order
   * @param own those that ask, the last of them
   */
  record Rows(int[] all, Visible own) {
    private static Rows of(Document document, int window) {
      List<Span> spans = new ArrayList<>(document.before);
      spans.add(document.own);
      int[] all =
          spans.stream()
              .flatMapToInt(each -> IntStream.range(each.start, each.start + each.length))
              .toArray();
      int own = document.own.length;
      return new Rows(all, new Visible(all.length - own, own, window));
    }

    private long cost() {
      return (long) own.count() * (all.length + own.first());
    }
  }

  /**
   * What is attended to, or the gradients by it; views among others' heads will do.
   *
   * @param q (rows, heads, width), F32 or BF16
   * @param k (rows, key-value heads, width), the same
   * @param v as k
   */
  public record Inputs(Tensor q, Tensor k, Tensor v) {}

  /**
   * The angles of all rows.
   *
   * @param cosines (rows, 1, width), F32, both halves alike
   * @param sines as cosines, the first half negated
   */
  public record Angles(Tensor cosines, Tensor sines) {}

  /** Attention of some documents. */
  public VectorAttention(Heads heads, List<Document> documents) {
    this.heads = heads;
    this.documents = documents.stream().map(each -> Rows.of(each, heads.window)).toList();
    this.shares = new HeadShares(heads, this.documents);
    this.order =
        IntStream.range(0, documents.size())
            .boxed()
            .sorted(Comparator.comparingLong(i -> -this.documents.get(i).cost()))
            .mapToInt(Integer::intValue)
            .toArray();
  }

  /** Whether this JVM has what it takes. */
  public static boolean isThere() {
    return Cpu.hasVectors();
  }

  /**
   * What a pass gave, as its gradient needs it.
   *
   * @param output (rows, heads, width)
   * @param logSumExp of each row's scores, (rows, heads), F32
   */
  public record Attended(Tensor output, Tensor logSumExp) {}

  /**
   * Computes it.
   *
   * @param inputs to be rotated
   * @param output (rows, heads, width), F32 or BF16; rows of no document are left as they are
   */
  public Attended forward(Inputs inputs, Angles angles, Tensor output) {
    Tensor logSumExp = Tensor.empty(DType.F32, output.size(0), heads.queries);
    HeadForward all =
        new HeadForward(
            Source.of(heads, inputs, angles), HeadRows.of(output), logSumExp.segment().address());
    each((document, head) -> all.compute(documents.get(document), head));
    return new Attended(output, logSumExp);
  }

  private void each(BiConsumer<Integer, Integer> work) {
    Team.each(
        documents.size() * heads.queries,
        task -> work.accept(order[task / heads.queries], task % heads.queries));
  }

  /**
   * The gradients, in the rows of documents.
   *
   * @param inputs as they were
   * @param gradient by the output, of its shape, F32 or BF16
   * @param by is overwritten
   */
  public void backward(
      Inputs inputs, Angles angles, Attended attended, Tensor gradient, Inputs by) {
    Source source = Source.of(heads, inputs, angles);
    try (Scope _ = Scope.open()) {
      HeadRows ofKeys = shares.room();
      HeadRows ofValues = shares.room();
      HeadBackward all =
          new HeadBackward(
              source,
              HeadRows.of(attended.output),
              attended.logSumExp.segment().address(),
              HeadRows.of(gradient),
              HeadRows.of(by.q),
              ofKeys,
              ofValues);
      each((document, head) -> all.compute(documents.get(document), head, shares.place(document)));
      shares.addUp(ofKeys, HeadRows.of(by.k), source.turn());
      shares.addUp(ofValues, HeadRows.of(by.v));
    }
  }
}
