package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.generate.FinishReason;
import dev.palimpsest.generate.Prompt;
import dev.palimpsest.run.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class BehaviourTest {
  private static Observation.Answered answer(
      String text, boolean loop, FinishReason finish, double score) {
    return new Observation.Answered(
        new Grade(false, OptionalDouble.of(score), Optional.empty()), text, loop, finish);
  }

  @Test
  void answers_areCountedBySideAndPairedByLanguage() {
    List<Observation> before =
        List.of(
            answer("The capital of Norway is Oslo.", false, FinishReason.STOP, 1),
            answer("Oslo", false, FinishReason.STOP, 0.5));
    List<Observation> after =
        List.of(
            answer("Die Hauptstadt von Norwegen ist die Stadt Oslo.", false, FinishReason.STOP, 0),
            answer("Oslo Oslo Oslo", true, FinishReason.LENGTH, 0.5));
    Probe probe =
        new Probe(
            "p",
            ProbeKind.RETENTION,
            Path.of(""),
            List.of(
                new ProbeItem.Ask("1", Optional.empty(), new Prompt.Raw("q"), "a", Metric.EXACT),
                new ProbeItem.Ask("2", Optional.empty(), new Prompt.Raw("r"), "a", Metric.EXACT)));
    ProbeResult result = Pairing.of(probe, before, after);
    Answering answering = result.answering().orElseThrow();
    assertThat(answering.behaviour().before())
        .isEqualTo(new Behaviour(2, 2, 0, 0, 0, 17, new TreeMap<>(Map.of("en", 1))));
    assertThat(answering.behaviour().after().ended()).isEqualTo(1);
    assertThat(answering.behaviour().after().loops()).isEqualTo(1);
    assertThat(answering.behaviour().languageChanged()).isEqualTo(1);
    assertThat(answering.score().orElseThrow().change().value()).isEqualTo(-0.5);
    Ledger ledger = new Ledger(List.of(result), Optional.empty(), Optional.empty());
    JsonNode node = LedgerJson.of(ledger).get("probes").get(0);
    assertThat(node.get("behaviour").get("after").get("languages").get("de").asInt()).isEqualTo(1);
    assertThat(node.get("score").get("before").asDouble()).isEqualTo(0.75);
    assertThat(LedgerText.of(ledger))
        .contains(
            "mean score 0.750 → 0.250", "2 → 1 of 2 ended, 0 → 1 loops", "1 in another language")
        .contains("loops grew");
  }

  @Test
  void observation_ofAnAnswer_isReadBackWhole() {
    Observation.Answered scored = answer("x", true, FinishReason.LENGTH, 0.25);
    assertThat(Observation.parse(scored.json())).isEqualTo(scored);
    Observation.Answered plain =
        new Observation.Answered(Grade.of(true), "x", false, FinishReason.STOP);
    assertThat(Observation.parse(plain.json())).isEqualTo(plain);
    assertThat(Json.parse(plain.json(), "").has("score")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "I'm sorry, but I can't help with that.",
        "I cannot answer this.",
        "As an AI language model, I have no opinion.",
        "Sorry, I am not able to.",
        "I am unable to say.",
        "Unfortunately, I do not know."
      })
  void refusals_areKnownByTheirBeginning(String text) {
    assertThat(Behaviour.refuses(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Oslo. I cannot say more.", "I can help.", "I candidly agree", "Sorry is a word"})
  void answers_areNoRefusals(String text) {
    assertThat(Behaviour.refuses(text)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "'The train to the city is late and it will not stop here.', en",
    "'Der Zug in die Stadt ist zu spät und er hält nicht hier.', de",
    "'Le train pour la ville est en retard et il ne passe pas.', fr",
    "'El tren a la ciudad llega tarde y no se para en el pueblo.', es",
    "'Il treno per la città è in ritardo e non si ferma nel paese.', it",
    "'De trein naar de stad is te laat en het is niet op tijd.', nl",
    "'O trem para a cidade não chega e os passageiros estão com fome.', pt",
    "'電車は遅れています', ja",
    "'火车晚点了', zh",
    "'Поезд опаздывает', cyrillic",
    "'기차가 늦어요', ko"
  })
  void language_isToldByScriptAndCommonWords(String text, String language) {
    assertThat(Language.of(text)).contains(language);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Oslo", "42", "", "SELECT name FROM airports WHERE elevation > 100 ORDER BY name"})
  void language_ofShortAnswersAndCode_isNotTold(String text) {
    assertThat(Language.of(text)).isEmpty();
  }
}
