package dev.palimpsest.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.Reference;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.run.BadInput;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectionTest {
  private static Set<String> chosen(String text, String checkpoint) {
    try (Checkpoint model = Checkpoint.open(Reference.checkpoint(checkpoint))) {
      return new Selection(text).of(model.config());
    }
  }

  @Test
  void of_all_isEveryTensor() {
    try (Checkpoint model = Checkpoint.open(Reference.checkpoint("qwen2"))) {
      assertThat(new Selection("all").of(model.config()))
          .isEqualTo(ModelTensors.shapes(model.config()).keySet());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "norms, llama, 5",
    "norms, gemma3, 43",
    "embeddings, llama, 1",
    "head, qwen3, 1",
    "layers:1, llama, 9",
    "layers:2-4, gemma3, 39",
    "q_proj, llama, 2",
    "q_proj, qwen2, 4",
    "q_proj.bias, qwen2, 2",
    "model.layers.1.mlp.*, llama, 3",
    "layers.*.self_attn.?, llama, 0",
    "'norms, q_proj', llama, 7",
    "'q_proj,layers:0', llama, 10"
  })
  void of_words_areTheseTensors(String text, String checkpoint, int count) {
    if (count > 0) {
      assertThat(chosen(text, checkpoint)).hasSize(count);
    } else {
      assertThatThrownBy(() -> chosen(text, checkpoint))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("--train " + text + ": no tensor of this model");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "head, its embedding",
    "layers:1-7, the model has layers 0 to 1",
    "layers:1-0, give FROM-TO",
    "'q_proj,nothing', --train nothing: no tensor",
    "'', no tensor"
  })
  void of_whatIsNotThere_isRefused(String text, String message) {
    assertThatThrownBy(() -> chosen(text, "llama"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(message);
  }
}
