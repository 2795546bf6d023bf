package dev.palimpsest.model;

import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.RecordedAttention;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import dev.palimpsest.tensor.VectorAttention.Inputs;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Attention of documents where a call costs more than what it computes: as few as there can be. */
final class PaddedDocuments implements DocumentAttention {
  private final ModelConfig config;
  private final List<PaddedSequences> groups;
  private final boolean shared;

  PaddedDocuments(ModelConfig config, Ragged sequences, Device device) {
    this.config = config;
    this.groups = PaddedSequences.of(sequences, config, device);
    this.shared =
        IntStream.range(0, sequences.segments().size())
            .anyMatch(i -> !sequences.ancestors(i).isEmpty());
  }

  @Override
  public Applied apply(int layer, Inputs heads, Decoder.Angles angles, DType products) {
    Tensor q = angles.turned(heads.q());
    Tensor k = angles.turned(heads.k());
    Tensor v = heads.v().to(DType.F32);
    boolean slides = config.slides(layer);
    List<RecordedAttention> all = new ArrayList<>(groups.size());
    long kept = config.keyValueHeads();
    for (PaddedSequences group : groups) {
      Tensor queries = group.padded(q, kept);
      all.add(
          RecordedAttention.of(
              queries,
              group.padded(k, kept).expand(queries.shape()), // one and the same memory
              group.padded(v, kept).expand(queries.shape()),
              slides ? group.window() : null,
              config.queryScale()));
    }
    return new Pass(this, all, q.size(0), products, angles);
  }

  private record Pass(
      PaddedDocuments all,
      List<RecordedAttention> groups,
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
      groups.forEach(each -> each.keep(scope));
    }

    @Override
    public void backward(Tensor gradient, Inputs by) {
      all.backward(this, gradient.to(DType.F32).view(by.q().shape()), by);
    }
  }

  private Tensor output(Pass pass) {
    Tensor like = pass.angles.cosines();
    Tensor output = like.newZeros(pass.products, pass.rows, config.heads(), config.headWidth());
    for (int i = 0; i < groups.size(); i++) {
      PaddedSequences group = groups.get(i);
      Tensor own = group.cut(pass.groups.get(i).output().detach()).to(pass.products);
      output.copyRowsFrom(own, group.own());
    }
    return output.view(pass.rows, (long) config.heads() * config.headWidth());
  }

  private void backward(Pass pass, Tensor gradient, Inputs by) {
    Tensor byQ = gradient.newZeros(DType.F32, by.q().shape());
    Tensor byK = gradient.newZeros(DType.F32, by.k().shape());
    Tensor byV = gradient.newZeros(DType.F32, by.v().shape());
    for (int i = 0; i < groups.size(); i++) {
      PaddedSequences group = groups.get(i);
      RecordedAttention.Gradients each =
          pass.groups.get(i).backward(group.ofOwn(gradient, config.keyValueHeads()));
      byQ.copyRowsFrom(group.cut(each.q()), group.own());
      collect(group, each.k(), byK);
      collect(group, each.v(), byV);
    }
    by.q().copyFrom(pass.angles.turnedBack(byQ));
    by.k().copyFrom(pass.angles.turnedBack(byK));
    by.v().copyFrom(byV);
  }

  /** Sums where several sequences continue one; fillers have no gradient. */
  private void collect(PaddedSequences group, Tensor gradient, Tensor by) {
    Tensor kept = gradient.sum(1).unsqueeze(1);
    if (shared) {
      by.plusRowsInPlace(group.unplaced(kept), group.rows());
    } else {
      by.copyRowsFrom(group.cut(kept), group.own());
    }
  }
}
