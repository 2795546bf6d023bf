package dev.palimpsest.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.RealModel;
import dev.palimpsest.Reference;
import dev.palimpsest.model.AdaptedDecoder;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Decoder;
import dev.palimpsest.model.Precision;
import dev.palimpsest.model.Ragged;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Greedy tokens against transformers (reference/checkpoints.py, reference/greedy.py). */
class GeneratorTest {
  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3", "mistral", "qwen2", "qwen3", "gemma3", "mixtral"})
  void write_tinyModelGreedy_isTransformers(String name) {
    JsonNode reference = Reference.json(name.equals("mixtral") ? "mixture" : "checkpoints");
    JsonNode greedy = Reference.named(reference.get("checkpoints"), name).get("greedy");
    try (Scope _ = Scope.open();
        Decoder decoder = load(Reference.checkpoint(name), Precision.FP32)) {
      int[] expected = Reference.ints(greedy.get("ids"));

      List<Generator.Written> written =
          generator(decoder, Set.of())
              .write(List.of(request(Reference.ints(greedy.get("prompt")), expected.length)));

      assertThat(written.getFirst().ids()).containsExactly(expected);
      assertThat(written.getFirst().finish()).isEqualTo(FinishReason.LENGTH);
    }
  }

  /** The window is 9: the cache must forget what the whole forward pass no longer sees. */
  @ParameterizedTest
  @ValueSource(strings = {"mistral", "gemma3", "mixtral"})
  void write_beyondTheWindow_isTheWholeForwardPass(String name) {
    try (Scope _ = Scope.open();
        Decoder decoder = load(Reference.checkpoint(name), Precision.FP32)) {
      int[] prompt = {5, 80, 17, 3, 44, 29};

      int[] written =
          generator(decoder, Set.of()).write(List.of(request(prompt, 33))).getFirst().ids();

      assertThat(written).containsExactly(byWholePasses(decoder, prompt, 33));
    }
  }

  private static int[] byWholePasses(Decoder decoder, int[] prompt, int tokens) {
    int[] ids = prompt;
    for (int i = 0; i < tokens; i++) {
      Ragged sequence = Ragged.of(ids);
      int next =
          Native.withoutGradients(
              () -> {
                try (Scope _ = Scope.open()) {
                  AdaptedDecoder base = AdaptedDecoder.base(decoder);
                  Tensor last = base.hidden(sequence).narrow(0, sequence.rows() - 1, 1);
                  return base.logits(last).argmax(1).ints()[0];
                }
              });
      ids = Arrays.copyOf(ids, ids.length + 1);
      ids[ids.length - 1] = next;
    }
    return Arrays.copyOfRange(ids, prompt.length, ids.length);
  }

  @Test
  void write_defaultModelGreedy_isTransformers() {
    JsonNode reference = Reference.json("greedy");
    Set<Integer> end = Set.of(reference.get("end").get(0).asInt());
    List<Generator.Request> requests = new ArrayList<>();
    for (JsonNode item : reference.get("items")) {
      requests.add(
          request(Reference.ints(item.get("prompt_ids")), reference.get("tokens").asInt()));
    }
    assertThat(requests).hasSize(20);
    try (Scope _ = Scope.open();
        Decoder decoder = load(RealModel.gguf(), Precision.FP32)) {
      List<Generator.Written> written = generator(decoder, end).write(requests);

      for (int i = 0; i < written.size(); i++) {
        JsonNode item = reference.get("items").get(i);
        assertThat(written.get(i).ids())
            .as(item.get("prompt").asString())
            .containsExactly(withoutEnd(Reference.ints(item.get("ids")), end));
        assertThat(written.get(i).finish().name())
            .isEqualToIgnoringCase(item.get("finish").asString());
      }
    }
  }

  private static int[] withoutEnd(int[] ids, Set<Integer> end) {
    return end.contains(ids[ids.length - 1]) ? Arrays.copyOf(ids, ids.length - 1) : ids;
  }

  @Test
  void write_anyNumberTogether_givesTheSameTokens() {
    try (Scope _ = Scope.open();
        Decoder decoder = load(Reference.checkpoint("llama"), Precision.FP32)) {
      assertSameInAnyCompany(decoder, 24);
    }
  }

  @Test
  void write_anyNumberTogetherInBf16_givesTheSameTokens() {
    try (Scope _ = Scope.open();
        Decoder decoder = load(RealModel.gguf(), Precision.BF16)) {
      assertSameInAnyCompany(decoder, 8);
    }
  }

  /** Experts get other numbers of rows in other company, also where all steps have as many. */
  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"FP32", "BF16"})
  void write_mixtureAnyNumberTogether_givesTheSameTokens(Precision precision) {
    try (Scope _ = Scope.open();
        Decoder decoder = load(Reference.checkpoint("mixtral"), precision)) {
      assertSameInAnyCompany(decoder, 24);
    }
  }

  private static void assertSameInAnyCompany(Decoder decoder, int tokens) {
    List<Generator.Request> requests = new ArrayList<>();
    for (int i = 0; i < 11; i++) {
      int[] prompt = new int[3 + 2 * i];
      for (int j = 0; j < prompt.length; j++) {
        prompt[j] = 20 + (31 * i + 17 * j) % 250;
      }
      requests.add(request(prompt, tokens - i % 3));
    }
    Generator generator = generator(decoder, Set.of());
    List<int[]> alone = new ArrayList<>();
    for (Generator.Request request : requests.subList(0, 8)) {
      alone.add(generator.write(List.of(request)).getFirst().ids());
    }
    for (int together : new int[] {3, 8, 11}) {
      List<Generator.Written> written = generator.write(requests.subList(0, together));
      for (int i = 0; i < Math.min(together, alone.size()); i++) {
        assertThat(written.get(i).ids()).as("%s of %s", i, together).containsExactly(alone.get(i));
      }
    }
  }

  @Test
  void write_endTokenAndStop_endTheSequence() {
    try (Scope _ = Scope.open();
        Decoder decoder = load(Reference.checkpoint("llama"), Precision.FP32)) {
      int[] prompt = {5, 80, 17};
      int[] free = generator(decoder, Set.of()).write(List.of(request(prompt, 9))).getFirst().ids();
      int end = free[4];
      int before = 0;
      while (free[before] != end) {
        before++;
      }

      Generator.Written ended =
          generator(decoder, Set.of(end)).write(List.of(request(prompt, 9))).getFirst();
      Generator.Written stopped =
          generator(decoder, Set.of())
              .write(
                  List.of(new Generator.Request(prompt, 9, Sampler.GREEDY, ids -> ids.length == 2)))
              .getFirst();

      assertThat(ended.ids()).containsExactly(Arrays.copyOf(free, before));
      assertThat(ended.finish()).isEqualTo(FinishReason.STOP);
      assertThat(stopped.ids()).containsExactly(Arrays.copyOf(free, 2));
      assertThat(stopped.finish()).isEqualTo(FinishReason.STOP);
    }
  }

  private static Generator.Request request(int[] prompt, int tokens) {
    return new Generator.Request(prompt, tokens, Sampler.GREEDY, ids -> false);
  }

  private static Generator generator(Decoder decoder, Set<Integer> end) {
    return new Generator(AdaptedDecoder.base(decoder), end, Progress.none());
  }

  static Decoder load(Path path, Precision precision) {
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      return Decoder.load(checkpoint.config(), checkpoint.weights(), precision, Device.best());
    }
  }
}
