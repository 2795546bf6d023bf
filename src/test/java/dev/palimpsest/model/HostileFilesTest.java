package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files are read or refused as bad input; nothing else is thrown, nothing crashes. */
class HostileFilesTest {
  /** More with {@code -DargLine=-Dmutations=10000}. */
  private static final int MUTATIONS = Integer.getInteger("mutations", 800);

  private static final byte[][] NASTY = {
    {-1, -1, -1, -1, -1, -1, -1, -1},
    {0, 0, 0, 0, 0, 0, 0, 0},
    {-1, -1, -1, -1, -1, -1, -1, 127},
    {0, 0, 0, -128, 0, 0, 0, 0},
    "18446744073709551616".getBytes(StandardCharsets.US_ASCII),
    "-1e999".getBytes(StandardCharsets.US_ASCII),
    "null".getBytes(StandardCharsets.US_ASCII),
    "[[{}".getBytes(StandardCharsets.US_ASCII),
  };

  @TempDir Path folder;

  /** Reads a mutated file as far as it goes. */
  private interface Reader {
    void read(byte[] bytes) throws IOException;
  }

  @Test
  void gguf_isReadOrRefused() {
    assertThat(
            refusals(
                GgufReference.model(),
                bytes -> {
                  Path path = Files.write(folder.resolve("m.gguf"), bytes);
                  try (Scope _ = Scope.open();
                      Checkpoint checkpoint = Checkpoint.open(path)) {
                    readAll(checkpoint.weights());
                    checkpoint.tokenizer();
                    checkpoint.chatTemplate();
                  }
                }))
        .isBetween(MUTATIONS / 10, MUTATIONS);
  }

  @Test
  void safetensors_isReadOrRefused() throws IOException {
    Path original = folder.resolve("original.safetensors");
    SafetensorsWriter.write(
        original,
        List.of(
            new SafetensorsWriter.Plan("a", DType.F32, new long[] {3, 2}),
            new SafetensorsWriter.Plan("b", DType.BF16, new long[] {4})),
        name -> name.equals("a") ? Tensor.zeros(DType.F32, 3, 2) : Tensor.zeros(DType.BF16, 4));
    assertThat(
            refusals(
                Files.readAllBytes(original),
                bytes -> {
                  Files.write(folder.resolve("model.safetensors"), bytes);
                  try (Scope _ = Scope.open();
                      SafetensorsWeights weights = SafetensorsWeights.open(folder)) {
                    readAll(weights);
                  }
                }))
        .isBetween(MUTATIONS / 10, MUTATIONS);
  }

  @Test
  void adapterConfig_isReadOrRefused() {
    AdapterConfig config = AdapterConfig.lora(2, 4, TargetModules.parse("q_proj,up_proj"));
    byte[] json =
        Json.writePretty(PeftConfig.write(new Adapter(config, Map.of())))
            .getBytes(StandardCharsets.UTF_8);
    ModelConfig model = TinyModel.config();
    assertThat(
            refusals(
                json,
                bytes -> {
                  String text = new String(bytes, StandardCharsets.UTF_8);
                  AdapterConfig read =
                      PeftConfig.parse(Json.parse(text, "c"), "c", Optional.empty());
                  read.modules(model).keySet().forEach(read::scale);
                }))
        .isBetween(MUTATIONS / 10, MUTATIONS);
  }

  @Test
  void modelConfig_isReadOrRefused() {
    assertThat(
            refusals(
                TinyModel.CONFIG.getBytes(StandardCharsets.UTF_8),
                bytes -> {
                  String text = new String(bytes, StandardCharsets.UTF_8);
                  ModelTensors.shapes(HubConfig.parse(Json.parse(text, "c"), "c"));
                }))
        .isBetween(MUTATIONS / 10, MUTATIONS);
  }

  private static void readAll(WeightSource weights) {
    for (String name : weights.tensors().keySet()) {
      try (Scope _ = Scope.open()) {
        weights.read(name, DType.BF16);
      }
    }
  }

  /** How many mutations were refused as bad input; any other failure is the test's. */
  private static int refusals(byte[] original, Reader reader) {
    Random random = new Random(11);
    int refused = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] mutated = mutated(original, random);
      try {
        reader.read(mutated);
      } catch (BadInput e) {
        refused++;
      } catch (IOException | RuntimeException | Error e) {
        throw new AssertionError("mutation " + i + " of seed 11: " + e, e);
      }
    }
    return refused;
  }

  private static byte[] mutated(byte[] original, Random random) {
    byte[] bytes = original.clone();
    int times = 1 + random.nextInt(3);
    for (int i = 0; i < times; i++) {
      // headers are where the harm is done
      int at = random.nextInt(random.nextBoolean() ? bytes.length : Math.min(bytes.length, 200));
      switch (random.nextInt(5)) {
        case 0 -> bytes[at] = (byte) random.nextInt(256);
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes = Arrays.copyOf(bytes, Math.max(1, at));
        case 3 -> {
          byte[] nasty = NASTY[random.nextInt(NASTY.length)];
          System.arraycopy(nasty, 0, bytes, at, Math.min(nasty.length, bytes.length - at));
        }
        default -> {
          int from = random.nextInt(bytes.length);
          int length = random.nextInt(Math.min(32, bytes.length - Math.max(from, at)) + 1);
          System.arraycopy(bytes, from, bytes, at, length);
        }
      }
    }
    return bytes;
  }
}
