package dev.palimpsest.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/**
 * Logits of grown models against those that PyTorch and transformers made (reference/grow.py,
 * reference/mixture.py).
 */
class GrowReferenceTest {
  @TempDir private Path folder;

  static Stream<Arguments> cases() {
    return Stream.of("grow", "mixture")
        .flatMap(
            file -> StreamSupport.stream(Reference.json(file).get("grown").spliterator(), false))
        .map(
            each ->
                Arguments.of(
                    each.get("checkpoint").asString(), each.get("method").asString(), each));
  }

  private static Growth growth(String method, int layers) {
    return switch (method) {
      case "depth" -> new DepthUpscaling(OptionalInt.empty());
      case "blocks" -> new BlockExpansion(layers);
      case "width" -> new WidthCloning(3, 0, 0);
      case "experts" -> ExpertUpcycling.of(4, 2, 0, 0);
      default -> new Tiling(2, OptionalInt.of(layers + 1));
    };
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void logits_ofAGrownModel_areTransformers(String name, String method, JsonNode expected) {
    Path base = Reference.checkpoint(name);
    Path out = folder.resolve("grown");
    int layers;
    try (Checkpoint stored = Checkpoint.open(base)) {
      layers = stored.config().layers();
    }
    Grown grown =
        new GrowJob(name, growth(method, layers), Optional.of(DType.F32), GrowJob.Check.NONE)
            .run(out, _ -> base, Progress.none());

    assertThat(grown.parametersAfter()).isEqualTo(expected.get("parameters").asLong());
    int[] rows = Reference.ints(expected.get("rows"));
    float[] logits = Logits.of(out, Reference.ints(expected.get("ids")));
    for (int i = 0; i < rows.length; i++) {
      float[] row = Reference.floats(expected.get("logits").get(i));
      int from = rows[i] * row.length;
      assertThat(Arrays.copyOfRange(logits, from, from + row.length))
          .containsExactly(row, within(1e-5f * largest(row)));
    }
  }

  private static float largest(float[] row) {
    float largest = 1;
    for (float each : row) {
      largest = Math.max(largest, Math.abs(each));
    }
    return largest;
  }
}
