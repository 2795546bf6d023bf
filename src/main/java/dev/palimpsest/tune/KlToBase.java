package dev.palimpsest.tune;

import dev.palimpsest.data.Example;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.TrainedDecoder;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;

/**
 * KL(base‖tuned) at every labelled row: all that the base would say there is to be kept, not only
 * the token that stands there (Li and Hoiem, 1606.09282). Its gradient by the logits is softmax
 * less the base's. The base is the decoder without what trains over it.
 */
final class KlToBase implements Objective {
  @Override
  public double backward(TrainedDecoder decoder, List<Example> examples, double weight) {
    try (Scope _ = Scope.open()) {
      LabelledPass pass = new LabelledPass(decoder, examples);
      Decoder base = decoder.decoder();
      Tensor hidden =
          Native.withoutGradients(
              () ->
                  AdaptedDecoder.base(base)
                      .hidden(pass.documents())
                      .rows(Tensor.ofIndices(pass.pack().labelRows())));
      return pass.backward(
          weight,
          (from, logits) -> {
            long count = logits.size(0);
            Tensor before = Functional.logSoftmax(base.logits(hidden.narrow(0, from, count)));
            Tensor after = Functional.logSoftmax(logits);
            Tensor share = before.exp();
            logits.copyFrom(after).expInPlace().minusInPlace(share);
            return share.times(before.minusInPlace(after)).sum().item();
          });
    }
  }
}
