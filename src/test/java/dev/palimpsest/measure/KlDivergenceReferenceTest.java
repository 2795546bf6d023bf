package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.generate.LanguageModel;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** KL position by position against transformers and PEFT (reference/kl.py). */
class KlDivergenceReferenceTest {
  private static final JsonNode SEQUENCES = Reference.json("kl").get("sequences");

  @Test
  void along_wholeTexts_sumsEveryPositionButTheLast() {
    assertSums(1, false);
  }

  @Test
  void along_anAnswer_leavesOutItsPrompt() {
    assertSums(7, false);
  }

  @Test
  void along_anAnswerThatEnded_countsThatItEnded() {
    assertSums(7, true);
  }

  @Test
  void along_anEmptyAnswer_isItsEndAlone() {
    assertSums(Integer.MAX_VALUE, true);
  }

  private static void assertSums(int from, boolean ended) {
    List<KlDivergence.Passage> passages = new ArrayList<>();
    for (JsonNode sequence : SEQUENCES) {
      int[] ids = Reference.ints(sequence.get("ids"));
      passages.add(new KlDivergence.Passage(ids, Math.min(from, ids.length), ended));
    }
    List<Divergence.Text> found = along(passages);
    for (int i = 0; i < passages.size(); i++) {
      JsonNode expected = SEQUENCES.get(i);
      int first = passages.get(i).from() - 1; // row r predicts id r + 1
      int[] rows = IntStream.range(first, passages.get(i).ids().length - (ended ? 0 : 1)).toArray();
      double kl = IntStream.of(rows).mapToDouble(r -> expected.get("kl").get(r).asDouble()).sum();
      int same =
          (int)
              IntStream.of(rows).filter(r -> expected.get("same_best").get(r).asBoolean()).count();
      assertThat(found.get(i).tokens()).isEqualTo(rows.length);
      assertThat(found.get(i).klNats()).isCloseTo(kl, within(1e-4 * kl));
      assertThat(found.get(i).topAgreements()).isEqualTo(same);
    }
  }

  private static List<Divergence.Text> along(List<KlDivergence.Passage> passages) {
    try (LanguageModel model =
        LanguageModel.load(Reference.checkpoint("llama"), Precision.FP32, Device.best())) {
      AdaptedDecoder after = model.withForeign(Reference.adapter("plain"));
      return new KlDivergence(model.base(), after, model::bytes, Progress.none()).along(passages);
    }
  }
}
