package dev.palimpsest.tune;

import dev.palimpsest.data.Example;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.TrainedDecoder;
import dev.palimpsest.tensor.Functional;
import dev.palimpsest.tensor.LongRows;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.List;
import java.util.function.Function;

/**
 * KL(model‖tuned) at every labelled row: all that a model would say there counts, not only the
 * token that stands there. Its gradient by the logits is softmax less the model's.
 *
 * @param model of the decoder that trains
 */
record KlTo(Function<TrainedDecoder, AdaptedDecoder> model) implements Objective {
  /** The decoder without what trains over it, which is to be kept (Li and Hoiem, 1606.09282). */
  static KlTo base() {
    return new KlTo(decoder -> AdaptedDecoder.base(decoder.decoder()));
  }

  /** Another model, which is to be learned (Hinton et al., 1503.02531). */
  static KlTo teacher(AdaptedDecoder teacher) {
    return new KlTo(_ -> teacher);
  }

  @Override
  public double backward(TrainedDecoder decoder, List<Example> examples, double weight) {
    try (Scope _ = Scope.open()) {
      LabelledPass pass = new LabelledPass(decoder, examples);
      AdaptedDecoder base = model.apply(decoder);
      Tensor hidden =
          Native.withoutGradients(
              () -> base.hidden(pass.documents()).rows(Tensor.ofIndices(pass.pack().labelRows())));
      return pass.backward(
          weight,
          (from, logits) -> {
            int rows = Math.toIntExact(logits.size(0));
            Tensor said = Native.withoutGradients(() -> base.logits(hidden.narrow(0, from, rows)));
            double sum = 0;
            for (LongRows some : LongRows.of(logits)) {
              sum += backward(some.in(logits), some.in(said));
            }
            return sum;
          });
    }
  }

  // logits become the gradient by them
  private static double backward(Tensor logits, Tensor said) {
    try (Scope _ = Scope.open()) {
      Tensor before = Functional.logSoftmax(said);
      Tensor after = Functional.logSoftmax(logits);
      Tensor share = before.exp();
      double sum = before.minusInPlace(after).timesInPlace(share).sum().item();
      logits.copyFrom(after.expInPlace().minusInPlace(share));
      return sum;
    }
  }
}
