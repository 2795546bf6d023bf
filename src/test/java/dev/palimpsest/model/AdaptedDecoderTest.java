package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.palimpsest.Reference;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class AdaptedDecoderTest {
  private static final int[] DOCUMENT = {5, 80, 17, 33, 9};

  @Test
  void logits_ofRowsThatStandAlone_haveTheSameBitsInAnyCompany() {
    adapted(
        Precision.BF16,
        prepared -> {
          assumeThat(prepared.rowsThatStandAlone())
              .as("bf16 products of this machine")
              .isEqualTo(Integer.MAX_VALUE);
          float[] alone = logits(prepared, 0);

          for (int others : new int[] {1, 3, 14, 60}) {
            assertThat(logits(prepared, others)).as("beside %s", others).containsExactly(alone);
          }
        });
  }

  @Test
  void logits_ofSmallPassesInFp32_haveTheSameBitsInAnyCompany() {
    adapted(
        Precision.FP32,
        prepared -> {
          int most = prepared.rowsThatStandAlone();
          assumeThat(most).as("fp32 products of this machine").isGreaterThan(1);
          float[] alone = ofFirst(prepared, 1, 0);

          for (int rows = 2; rows <= most; rows *= 2) {
            assertThat(ofFirst(prepared, rows, 0)).as("of %s rows", rows).containsExactly(alone);
          }
        });
  }

  /** Experts get other numbers of rows in other company. */
  @Test
  void logits_ofAMixtureInFp32_haveTheSameBitsInAnyCompany() {
    mixture(
        base -> {
          AdaptedDecoder prepared = AdaptedDecoder.base(base).prepared();
          int most = prepared.rowsThatStandAlone();
          assumeThat(most).as("fp32 products of this machine").isGreaterThan(1);
          float[] alone = ofFirst(prepared, 1, 0);

          for (int rows = 2; rows <= most; rows *= 2) {
            for (int others = 0; others < 20; others++) {
              assertThat(ofFirst(prepared, rows, 15 * others))
                  .as("of %s rows, company %s", rows, others)
                  .containsExactly(alone);
            }
          }
        });
  }

  /** Where rows do not stand alone, as over plain weights, all steps have 16. */
  @Test
  void logits_ofAMixtureOfPlainWeights_haveTheSameBitsAmongAnyOtherFifteen() {
    mixture(
        base -> {
          try (Checkpoint stored = Checkpoint.open(Reference.checkpoint("mixtral"));
              TrainedWeights plain =
                  new TrainedWeights(
                      base, stored.weights(), ModelTensors.shapes(base.config()).keySet())) {
            AdaptedDecoder decoder = AdaptedDecoder.base(plain.decoder());
            float[] expected = ofFirst(decoder, 16, 0);

            for (int others = 1; others < 20; others++) {
              assertThat(ofFirst(decoder, 16, 15 * others))
                  .as("company %s", others)
                  .containsExactly(expected);
            }
          }
        });
  }

  private static void mixture(Consumer<Decoder> test) {
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = Checkpoint.open(Reference.checkpoint("mixtral"));
        Decoder decoder =
            Decoder.load(
                checkpoint.config(), checkpoint.weights(), Precision.FP32, Device.best())) {
      test.accept(decoder);
    }
  }

  /** A tiny model with an adapter over it, prepared for many passes. */
  private static void adapted(Precision precision, Consumer<AdaptedDecoder> test) {
    try (Scope _ = Scope.open();
        Checkpoint checkpoint = Checkpoint.open(Reference.checkpoint("llama"));
        Decoder decoder =
            Decoder.load(checkpoint.config(), checkpoint.weights(), precision, Device.best())) {
      Adapter adapter = PeftFolder.read(Reference.adapter("plain"), decoder.config());
      test.accept(new AdaptedDecoder(decoder, adapter.factors()).prepared());
    }
  }

  /**
   * The logits of the first of so many documents of one token, beside others' ids from a number.
   */
  private static float[] ofFirst(AdaptedDecoder decoder, int documents, int others) {
    List<int[]> all = new ArrayList<>();
    all.add(new int[] {5});
    for (int i = 1; i < documents; i++) {
      all.add(new int[] {(5 + others + i) % 320});
    }
    return decoder.logits(decoder.hidden(Ragged.of(all))).narrow(0, 0, 1).floats();
  }

  /** Of the document, which comes last. */
  private static float[] logits(AdaptedDecoder decoder, int others) {
    List<int[]> documents = new ArrayList<>();
    for (int i = 0; i < others; i++) {
      documents.add(new int[] {7, 11 + i, 2});
    }
    documents.add(DOCUMENT);
    Tensor hidden = decoder.hidden(Ragged.of(documents));
    return decoder.logits(hidden.narrow(0, 3L * others, DOCUMENT.length)).floats();
  }
}
