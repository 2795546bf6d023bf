package dev.palimpsest.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.model.Adapter;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.ModelFolder;
import dev.palimpsest.model.PeftFolder;
import dev.palimpsest.model.TensorChange;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Embedding and head of a tuned model, taken out with the rest, and vocabularies that differ. */
class TunedEndsTest {
  private static final MergeJob.Models MODELS =
      name -> name.contains("/") ? Path.of(name) : Reference.checkpoint(name);
  private static final String QUERIES = "model.layers.0.self_attn.q_proj.weight";
  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";
  private static final int[] IDS = {3, 7, 50, 99, 3, 120};

  @TempDir private Path folder;

  /** A base whose queries' rows are all one more, and some rows of its ends, too. */
  private Path tuned(String base, int rows) throws Exception {
    Path tuned = Files.createDirectory(folder.resolve("tuned"));
    try (Scope _ = Scope.open();
        Checkpoint model = Checkpoint.open(Reference.checkpoint(base))) {
      ModelFolder.write(
          tuned,
          model,
          name ->
              switch (name) {
                case QUERIES -> Optional.of(model.weights().read(name, DType.F32).plusInPlace(0.1));
                case EMBEDDING, HEAD -> Optional.of(more(model, name, rows));
                default -> Optional.empty();
              });
    }
    return tuned;
  }

  private static Tensor more(Checkpoint model, String name, int rows) {
    Tensor all = model.weights().read(name, DType.F32);
    all.narrow(0, 3, rows).plusInPlace(0.25);
    return all;
  }

  private Extracted extract(String base, Path tuned, ExtractJob.Extent extent) {
    return new ExtractJob(base, tuned.toString(), new RankRule.Fixed(1), extent)
        .run(folder.resolve("adapter"), MODELS, Optional.empty(), Progress.none());
  }

  @ParameterizedTest
  @CsvSource({
    "llama, 64, 5, 5, 160",
    "llama, 64, 200, 320, 10240",
    "llama3, 96, 5, 10, 320",
    "llama3, 96, 100, 256, 8192"
  })
  void ends_areAsTheyAreInTheTunedModel(
      String base, long factors, int changed, long rows, long parameters) throws Exception {
    Path tuned = tuned(base, changed);
    Extracted extracted = extract(base, tuned, ExtractJob.Extent.BLOCKS_AND_ENDS);

    assertThat(extracted.stored().stream().mapToLong(Extracted.Stored::rows).sum()).isEqualTo(rows);
    assertThat(extracted.stored().stream().mapToLong(Extracted.Stored::parameters).sum())
        .isEqualTo(parameters);
    assertThat(extracted.parameters()).isEqualTo(parameters + factors);
    assertThat(extracted.notCaptured()).isEmpty();
    float[] expected = Logits.of(tuned, IDS);
    float[] found =
        Logits.of(Reference.checkpoint(base), IDS, decoder -> adapter(decoder).over(decoder));
    assertThat(found).containsExactly(expected, within(1e-5f));
    assertThat(Logits.of(Reference.checkpoint(base), IDS)).isNotEqualTo(expected);
  }

  private Adapter adapter(Decoder decoder) {
    return PeftFolder.readLora(folder.resolve("adapter"), decoder.config());
  }

  @Test
  void withoutEnds_theyAreTold() throws Exception {
    Extracted extracted = extract("llama3", tuned("llama3", 5), ExtractJob.Extent.BLOCKS);

    assertThat(extracted.stored()).isEmpty();
    assertThat(extracted.notCaptured())
        .extracting(TensorChange::name)
        .containsExactlyInAnyOrder(EMBEDDING, HEAD);
    assertThat(extracted.notCaptured().getFirst().norm())
        .isCloseTo(0.25 * Math.sqrt(5 * 32), within(1e-5));
  }

  private Path withTokens(Path model) {
    Path more = folder.resolve("more");
    new TokensJob(
            "tuned",
            List.of("<a>", "<b>"),
            false,
            TokensJob.Init.MEAN,
            Optional.empty(),
            GrowJob.Check.NONE)
        .run(more, _ -> model, Progress.none());
    return more;
  }

  /** Blocks come as they do without the tokens; of the embedding the rows of both are compared. */
  @Test
  void tokensThatTheBaseHasNot_areTold() throws Exception {
    Path tuned = tuned("llama", 5);
    Path more = withTokens(tuned);
    Extracted extracted = extract("llama", more, ExtractJob.Extent.BLOCKS);

    assertThat(extracted.modules()).extracting(Extracted.Module::rank).containsExactly(1);
    assertThat(extracted.relativeError()).isLessThan(1e-6);
    TensorChange ends = extracted.notCaptured().getFirst();
    assertThat(ends.rowsApart()).isEqualTo(2);
    assertThat(ends.norm()).isCloseTo(0.25 * Math.sqrt(5 * 32), within(1e-5));
    assertThat(extracted.text())
        .contains("model.embed_tokens.weight (2 rows that one of the two has not)");
  }

  @Test
  void tokensOfTheBaseThatItHasNot_areTold() throws Exception {
    Path tuned = tuned("llama", 5);
    Path more = withTokens(Reference.checkpoint("llama"));
    Extracted extracted = extract(more.toString(), tuned, ExtractJob.Extent.BLOCKS);

    assertThat(extracted.modules()).extracting(Extracted.Module::rank).containsExactly(1);
    assertThat(extracted.notCaptured().getFirst().rowsApart()).isEqualTo(2);
    assertThat(extracted.notCaptured().getFirst().norm())
        .isCloseTo(0.25 * Math.sqrt(5 * 32), within(1e-5));
  }

  /** Over a base with the tokens their rows are in the adapter. */
  @Test
  void rowsThatTheBaseHasNot_areRefusedAsEnds() throws Exception {
    Path more = withTokens(tuned("llama", 5));

    assertThatThrownBy(() -> extract("llama", more, ExtractJob.Extent.BLOCKS_AND_ENDS))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("has 322 tokens, its base 320")
        .hasMessageContaining("grow --method tokens");
    assertThat(folder.resolve("adapter")).doesNotExist();
  }
}
