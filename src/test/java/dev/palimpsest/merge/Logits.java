package dev.palimpsest.merge;

import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import java.nio.file.Path;
import java.util.function.Function;

/** What a model in a folder says, in fp32. */
final class Logits {
  private Logits() {}

  /** By itself, row by row. */
  static float[] of(Path model, int[] ids) {
    return of(model, ids, AdaptedDecoder::base);
  }

  /** Under what is put over it. */
  static float[] of(Path model, int[] ids, Function<Decoder, AdaptedDecoder> over) {
    return Native.withoutGradients(
        () -> {
          try (Scope _ = Scope.open();
              Checkpoint stored = Checkpoint.open(model);
              Decoder decoder =
                  Decoder.load(stored.config(), stored.weights(), Precision.FP32, Device.CPU)) {
            AdaptedDecoder adapted = over.apply(decoder);
            return adapted.logits(adapted.hidden(Ragged.of(ids))).floats();
          }
        });
  }
}
