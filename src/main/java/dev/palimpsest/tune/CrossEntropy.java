package dev.palimpsest.tune;

import dev.palimpsest.data.Example;
import dev.palimpsest.model.TrainedDecoder;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.TokenLogprobs;
import java.util.Arrays;
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
            int to = from + Math.toIntExact(logits.size(0));
            int[] tokens = Arrays.copyOfRange(pass.pack().labels(), from, to);
            return TokenLogprobs.backward(logits, tokens);
          });
    }
  }
}
