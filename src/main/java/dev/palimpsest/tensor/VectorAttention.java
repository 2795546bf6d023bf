package dev.palimpsest.tensor;

import dev.palimpsest.tensor.HeadArrays.Source;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Attention of documents to themselves on the JDK's vectors, with its gradient: softmax(q · kᵀ ·
 * scale) · v where a row sees those before it in its document. Queries and keys are rotated on the
 * way (RoPE), what nobody sees is not computed, and a row's scores stay in the caches (Dao et al.,
 * 2205.14135). All sums are F32; the bits hang neither on threads nor on what else is computed.
 */
public final class VectorAttention {
  private static final boolean IS_THERE = Cpu.hasAvx512() && Cpu.hasVectors();

  private final Heads heads;
  private final List<Document> documents;
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
  public record Document(List<Span> before, Span own) {
    /** Rows of those before. */
    int rowsBefore() {
      return before.stream().mapToInt(Span::length).sum();
    }

    int length() {
      return rowsBefore() + own.length();
    }

    Visible visible(int window) {
      return new Visible(rowsBefore(), own.length, window);
    }

    /** The rows that its columns have, in their order. */
    int[] rows() {
      List<Span> all = new ArrayList<>(before);
      all.add(own);
      return all.stream()
          .flatMapToInt(each -> IntStream.range(each.start(), each.start() + each.length()))
          .toArray();
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
  public record Angles(Tensor cosines, Tensor sines) {
    private Turn turn() {
      return Turn.of(cosines, sines);
    }
  }

  /** Attention of some documents. */
  public VectorAttention(Heads heads, List<Document> documents) {
    this.heads = heads;
    this.documents = List.copyOf(documents);
    this.shares = new HeadShares(heads, documents);
    this.order =
        IntStream.range(0, documents.size())
            .boxed()
            .sorted(Comparator.comparingLong(i -> -cost(documents.get(i))))
            .mapToInt(Integer::intValue)
            .toArray();
  }

  private static long cost(Document document) {
    return (long) document.own.length() * (document.length() + document.rowsBefore());
  }

  /** Whether this machine and this JVM have what it takes: registers of 512 bits, and a module. */
  public static boolean isThere() {
    return IS_THERE;
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
   * @param output (rows, heads, width), F32 or BF16; rows of no document are left as they are
   */
  public Attended forward(Inputs inputs, Angles angles, Tensor output) {
    Tensor logSumExp = Tensor.empty(DType.F32, output.size(0), heads.queries);
    Source source = Source.of(heads, inputs, angles.turn());
    HeadForward all = new HeadForward(source, HeadRows.of(output), logSumExp.segment().address());
    Team.each(
        documents.size() * heads.queries,
        task -> all.compute(document(task), task % heads.queries));
    return new Attended(output, logSumExp);
  }

  /**
   * The gradients, in the rows of documents.
   *
   * @param gradient by the output, of its shape, F32 or BF16
   * @param by is overwritten
   */
  public void backward(
      Inputs inputs, Angles angles, Attended attended, Tensor gradient, Inputs by) {
    Turn turn = angles.turn();
    try (Scope _ = Scope.open()) {
      HeadRows ofKeys = shares.room();
      HeadRows ofValues = shares.room();
      HeadBackward all =
          new HeadBackward(
              Source.of(heads, inputs, turn),
              HeadRows.of(attended.output),
              attended.logSumExp.segment().address(),
              HeadRows.of(gradient),
              HeadRows.of(by.q),
              ofKeys,
              ofValues);
      Team.each(
          documents.size() * heads.queries,
          task ->
              all.compute(
                  document(task), task % heads.queries, shares.place(order[task / heads.queries])));
      shares.addUp(ofKeys, HeadRows.of(by.k), turn);
      shares.addUp(ofValues, HeadRows.of(by.v));
    }
  }

  private Document document(int task) {
    return documents.get(order[task / heads.queries]);
  }
}
