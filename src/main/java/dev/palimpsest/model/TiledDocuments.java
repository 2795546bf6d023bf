package dev.palimpsest.model;

import dev.palimpsest.model.Ragged.Segment;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.FlashAttention;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import dev.palimpsest.tensor.VectorAttention.Inputs;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/** Attention of documents by libtorch's tiles. */
final class TiledDocuments implements DocumentAttention {
  private final ModelConfig config;
  private final List<Document> documents = new ArrayList<>();
  private final boolean shared;
  private final IntFunction<List<Optional<Tensor>>> masks;

  /** Prepares the masks. */
  TiledDocuments(ModelConfig config, Ragged sequences) {
    this.config = config;
    for (int i = 0; i < sequences.segments().size(); i++) {
      documents.add(new Document(sequences.ancestors(i), sequences.segments().get(i)));
    }
    this.shared = documents.stream().anyMatch(document -> !document.before.isEmpty());
    this.masks =
        Ragged.of(documents.stream().map(each -> new int[each.length()]).toList()).masks(config);
  }

  /**
   * Some rows, and those that they continue.
   *
   * @param before oldest first
   */
  private record Document(List<Segment> before, Segment own) {
    int rowsBefore() {
      return before.stream().mapToInt(Segment::length).sum();
    }

    int length() {
      return rowsBefore() + own.length();
    }
  }

  /** Bytes that a pass keeps of a row; what is normed is kept as it came, too. */
  static long keptBytes(ModelConfig config, DType products) {
    long heads = 2L * (config.heads() + config.keyValueHeads());
    long normed = config.queryKeyNorm() ? config.heads() + 2L * config.keyValueHeads() : 0;
    return (Float.BYTES * heads + products.bytes() * normed) * config.headWidth();
  }

  @Override
  public Applied apply(int layer, Inputs heads, Decoder.Angles angles, DType products) {
    Tensor q = angles.turned(heads.q());
    Tensor k = angles.turned(heads.k());
    Tensor v = heads.v().to(DType.F32).contiguous(); // a view would keep all heads
    List<Optional<Tensor>> own = masks.apply(layer);
    List<FlashAttention> all = new ArrayList<>(documents.size());
    for (int i = 0; i < documents.size(); i++) {
      Document document = documents.get(i);
      // the rows before ask again, which costs less than a mask does
      all.add(
          FlashAttention.of(
              grouped(whole(q, document)),
              expanded(whole(k, document)),
              expanded(whole(v, document)),
              own.get(i).orElse(null),
              config.queryScale()));
    }
    return new Pass(this, all, q.size(0), products, angles);
  }

  private record Pass(
      TiledDocuments all,
      List<FlashAttention> documents,
      long rows,
      DType products,
      Decoder.Angles angles)
      implements Applied {
    @Override
    public Tensor output() {
      return all.output(this);
    }

    @Override
    public void keep(Scope scope) {
      for (FlashAttention document : documents) {
        scope.keep(document.q());
        scope.keep(document.k());
        scope.keep(document.v());
        scope.keep(document.output());
        scope.keep(document.logSumExp());
      }
    }

    @Override
    public void backward(Tensor gradient, Inputs by) {
      all.backward(this, gradient.to(DType.F32), by);
    }
  }

  private Tensor output(Pass pass) {
    Tensor output = Tensor.zeros(pass.products, pass.rows, config.heads(), config.headWidth());
    for (int i = 0; i < documents.size(); i++) {
      Document document = documents.get(i);
      grouped(rows(output, document.own)).copyFrom(ofOwn(pass.documents.get(i).output(), document));
    }
    return output.view(pass.rows, (long) config.heads() * config.headWidth());
  }

  private void backward(Pass pass, Tensor gradient, Inputs by) {
    Tensor heads = gradient.view(by.q().shape());
    Tensor byQ = Tensor.zeros(DType.F32, by.q().shape());
    Tensor byK = Tensor.zeros(DType.F32, by.k().shape());
    Tensor byV = Tensor.zeros(DType.F32, by.v().shape());
    for (int i = 0; i < documents.size(); i++) {
      Document document = documents.get(i);
      FlashAttention.Gradients each =
          pass.documents.get(i).backward(grouped(asked(heads, document)));
      grouped(rows(byQ, document.own)).copyFrom(ofOwn(each.q(), document));
      share(each.k().sum(1), document, byK);
      share(each.v().sum(1), document, byV);
    }
    by.q().copyFrom(pass.angles.turnedBack(byQ));
    by.k().copyFrom(pass.angles.turnedBack(byK));
    by.v().copyFrom(byV);
  }

  // what a document continues comes before it, so its rows have been written
  private static void share(Tensor gradient, Document document, Tensor by) {
    int row = 0;
    for (Segment before : document.before) {
      columns(rows(by, before)).plusInPlace(gradient.narrow(1, row, before.length()));
      row += before.length();
    }
    columns(rows(by, document.own)).copyFrom(gradient.narrow(1, row, document.own.length()));
  }

  private static Tensor rows(Tensor all, Segment segment) {
    return all.narrow(0, segment.start(), segment.length());
  }

  /** The rows of a document and those before it; where any is copied, all are: a view keeps all. */
  private Tensor whole(Tensor all, Document document) {
    if (!shared) {
      return rows(all, document.own);
    }
    List<Tensor> parts = new ArrayList<>();
    document.before.forEach(before -> parts.add(rows(all, before)));
    parts.add(rows(all, document.own));
    return Tensor.cat(0, parts);
  }

  /** The same of a gradient by the output, of which the rows before have none here. */
  private static Tensor asked(Tensor gradient, Document document) {
    Tensor own = rows(gradient, document.own);
    return document.before.isEmpty()
        ? own
        : Tensor.cat(
            0,
            List.of(Tensor.zeros(DType.F32, document.rowsBefore(), own.size(1), own.size(2)), own));
  }

  // of (key-value heads, group, document's rows, dim)
  private static Tensor ofOwn(Tensor whole, Document document) {
    return whole.narrow(2, document.rowsBefore(), document.own.length());
  }

  // (rows, heads, dim) to (key-value heads, group, rows, dim)
  private Tensor grouped(Tensor rows) {
    long kept = config.keyValueHeads();
    return rows.view(rows.size(0), kept, config.heads() / kept, config.headWidth())
        .permute(1, 2, 0, 3);
  }

  // (rows, key-value heads, dim) to (key-value heads, rows, dim)
  private static Tensor columns(Tensor rows) {
    return rows.permute(1, 0, 2);
  }

  // to (key-value heads, group, rows, dim); the group's heads are one and the same memory
  private Tensor expanded(Tensor rows) {
    return columns(rows)
        .unsqueeze(1)
        .expand(
            config.keyValueHeads(),
            config.heads() / config.keyValueHeads(),
            rows.size(0),
            config.headWidth());
  }
}
