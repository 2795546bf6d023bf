package dev.palimpsest.tune;

import dev.palimpsest.data.Example;
import dev.palimpsest.data.Pack;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.model.TrainedDecoder;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * −log p of every labelled token. The head is computed only where a label is, some rows at a time,
 * and its gradient (softmax less one-hot) is written out, so that no logits are kept.
 */
final class CrossEntropy implements Objective {
  @Override
  public double backward(TrainedDecoder decoder, List<Example> examples, double weight) {
    Pack pack = Pack.of(examples);
    try (Scope _ = Scope.open()) {
      TrainedDecoder.Pass pass =
          decoder.forward(
              Ragged.of(examples.stream().map(Example::ids).toList()), pack.labelRows());
      Decoder head = decoder.decoder();
      List<Tensor> gradients = new ArrayList<>();
      double sum = 0;
      for (int from = 0; from < pack.labels().length; from += Decoder.HEAD_ROWS) {
        int count = Math.min(Decoder.HEAD_ROWS, pack.labels().length - from);
        try (Scope chunk = Scope.open()) {
          Tensor tokens = Tensor.ofIndices(pack.labels()).narrow(0, from, count);
          Tensor hidden = pass.hidden().narrow(0, from, count);
          Tensor logits = head.logits(hidden);
          Tensor total = Functional.logSumExp(logits);
          sum += total.minus(Functional.pick(logits, tokens)).sum().item();
          Tensor gradient = logits.minusInPlace(total.unsqueeze(1)).expInPlace();
          gradient.plusAtInPlace(tokens, -1);
          gradients.add(chunk.keep(decoder.backThroughHead(hidden, gradient, weight)));
        }
      }
      pass.backward(Tensor.cat(0, gradients));
      return sum;
    }
  }
}
