package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.Reference;
import dev.palimpsest.merge.ExtractJob;
import dev.palimpsest.merge.Linear;
import dev.palimpsest.merge.MergeJob;
import dev.palimpsest.merge.MergeMethod;
import dev.palimpsest.merge.RankRule;
import dev.palimpsest.merge.Weighted;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** How much of what a merged adapter does comes out again. */
class ExtractionTest {
  private static final MergeJob.Models MODELS =
      name -> name.contains("/") ? Path.of(name) : Reference.checkpoint(name);

  @TempDir private Path folder;

  @BeforeEach
  void merge() {
    new MergeJob(
            "llama",
            List.of(new Weighted(Reference.adapter("plain").toString(), 1)),
            List.of(),
            false,
            MergeMethod.of(new Linear()))
        .run(tuned(), new MergeJob.Form.Model(Optional.empty()), MODELS, Progress.none());
  }

  private Path tuned() {
    return folder.resolve("tuned");
  }

  private JsonNode extract(int rank, Optional<String> weighBy, String check) {
    ExtractJob job =
        new ExtractJob(
            "llama", tuned().toString(), new RankRule.Fixed(rank), ExtractJob.Extent.BLOCKS);
    return new Extraction(
            job,
            weighBy.map(text -> GivenTexts.parse("--weigh-by", text)),
            Optional.of(GivenTexts.parse("--check", check)))
        .run(folder.resolve("out" + rank + weighBy.isPresent()), MODELS, Progress.none())
        .json();
  }

  private String texts(String name, String line) throws IOException {
    return Files.writeString(folder.resolve(name), line + "\n").toString();
  }

  @Test
  void wholeRank_hasAllOfTheBehaviour() {
    JsonNode found = extract(4, Optional.empty(), "base:6").get("behaviour");

    assertThat(found.get("share").asDouble()).isGreaterThan(0.9999);
    assertThat(found.get("kl_tuned_base").get("nats_per_token").asDouble()).isGreaterThan(1e-3);
    assertThat(found.get("kl_tuned_extracted").get("nats_per_token").asDouble()).isLessThan(1e-6);
    assertThat(found.get("kl_base_tuned").get("texts").asInt()).isLessThanOrEqualTo(6);
  }

  @Test
  void lowerRank_hasLess_andIsWeighedByTexts() throws IOException {
    String held = texts("held.jsonl", "{\"text\":\"one two three four five and six\"}");
    JsonNode plain = extract(1, Optional.empty(), held);
    JsonNode weighed = extract(1, Optional.of("base:8"), held);

    assertThat(plain.get("weighted_error").isNull()).isTrue();
    assertThat(plain.get("behaviour").get("share").asDouble()).isLessThan(0.99);
    assertThat(weighed.get("weighted_error").asDouble()).isBetween(0.01, 0.99);
    assertThat(weighed.get("relative_error").asDouble())
        .isGreaterThan(plain.get("relative_error").asDouble());
    assertThat(weighed.get("behaviour").get("kl_tuned_base"))
        .isEqualTo(plain.get("behaviour").get("kl_tuned_base"));
  }

  @Test
  void theSameFileForBoth_isRefused() throws IOException {
    String file = texts("d.jsonl", "{\"text\":\"one two\"}");

    assertThatThrownBy(() -> extract(1, Optional.of(file), file))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("is the file of --weigh-by");
  }
}
