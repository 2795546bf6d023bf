package dev.palimpsest.tune;

import dev.palimpsest.data.Example;
import dev.palimpsest.model.TrainedDecoder;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;

/** −log p of every labelled token; its gradient by the logits is softmax less one-hot. */
final class CrossEntropy implements Objective {
  @Override
  public double backward(TrainedDecoder decoder, List<Example> examples, double weight) {
    try (Scope _ = Scope.open()) {
      LabelledPass pass = new LabelledPass(decoder, examples);
      return pass.backward(
          weight,
          (from, logits) -> {
            Tensor tokens = Tensor.ofIndices(pass.pack().labels()).narrow(0, from, logits.size(0));
            Tensor total = Functional.logSumExp(logits);
            double sum = total.minus(Functional.pick(logits, tokens)).sum().item();
            logits.minusInPlace(total.unsqueeze(1)).expInPlace().plusAtInPlace(tokens, -1);
            return sum;
          });
    }
  }
}
