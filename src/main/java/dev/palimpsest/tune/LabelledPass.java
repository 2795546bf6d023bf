package dev.palimpsest.tune;

import dev.palimpsest.data.Example;
import dev.palimpsest.data.Pack;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.model.TrainedDecoder;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * One pass whose loss is made at the labelled rows. The head is computed only there, some rows at a
 * time, and gradients by the logits are written out, so that no logits are kept. It lives in the
 * scope that is open.
 */
final class LabelledPass {
  private final TrainedDecoder decoder;
  private final Ragged documents;
  private final Pack pack;
  private final TrainedDecoder.Pass pass;

  LabelledPass(TrainedDecoder decoder, List<Example> examples) {
    this.decoder = decoder;
    this.pack = Pack.of(examples);
    this.documents = documents(pack);
    this.pass = decoder.forward(documents, pack.labelRows());
  }

  private static Ragged documents(Pack pack) {
    Ragged.Builder builder = new Ragged.Builder();
    pack.parts().forEach(part -> builder.add(part.ids(), part.parent()));
    return builder.build();
  }

  /** All documents of the pass. */
  Ragged documents() {
    return documents;
  }

  /** Which rows are labelled, and with what. */
  Pack pack() {
    return pack;
  }

  /** A loss at some labelled rows. */
  @FunctionalInterface
  interface Loss {
    /**
     * Computes the sum of the losses.
     *
     * @param from the first of the rows, among the labelled ones
     * @param logits (rows, vocabulary), F32 or BF16; become the gradient by them
     */
    double at(int from, Tensor logits);
  }

  /** Sends {@code weight} times the gradient of the loss back; gives the sum of all losses. */
  double backward(double weight, Loss loss) {
    List<Tensor> gradients = new ArrayList<>();
    double sum = 0;
    int rows = pack.labels().length;
    int most = decoder.decoder().headRows();
    for (int from = 0; from < rows; from += most) {
      int count = Math.min(most, rows - from);
      try (Scope chunk = Scope.open()) {
        Tensor hidden = pass.hidden().narrow(0, from, count);
        Tensor logits = decoder.logits(hidden);
        sum += loss.at(from, logits);
        gradients.add(chunk.keep(decoder.backThroughHead(hidden, logits, weight)));
      }
    }
    pass.backward(Tensor.cat(0, gradients));
    return sum;
  }
}
