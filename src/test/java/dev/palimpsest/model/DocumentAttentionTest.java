package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import dev.palimpsest.tensor.VectorAttention.Inputs;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The ways of a GPU, of libtorch's tiles and of the JDK's vectors are one. */
class DocumentAttentionTest {
  private static final int[] LENGTHS = {23, 40, 9, 2, 19};
  private static final int ROWS = 96; // with three that nobody sees

  @ParameterizedTest
  @CsvSource({"llama, false", "llama, true", "gemma3, false", "gemma3, true", "mistral, true"})
  void apply_anyWay_isTheSame(String name, boolean shared) {
    try (Scope _ = Scope.open();
        Decoder decoder = decoder(name)) {
      ModelConfig config = decoder.config();
      Ragged sequences = sequences(shared);
      for (int layer = 0; layer < config.layers(); layer++) {
        Found padded =
            found(decoder, layer, new PaddedDocuments(config, sequences, Device.CPU), sequences);

        padded.assertIs(found(decoder, layer, new VectorDocuments(config, sequences), sequences));
        padded.assertIs(found(decoder, layer, new TiledDocuments(config, sequences), sequences));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, false", "llama, true", "gemma3, true", "mistral, true"})
  void padded_ofAnyLayer_isTheBlocks(String name, boolean shared) {
    try (Scope _ = Scope.open();
        Decoder decoder = decoder(name)) {
      ModelConfig config = decoder.config();
      Ragged sequences = sequences(shared);
      Random random = new Random(5);
      Tensor q = columns(queries(config, random), sequences);
      Tensor k = columns(keys(config, random), sequences);
      Tensor v = columns(keys(config, random), sequences);
      for (int layer = 0; layer < config.layers(); layer++) {
        Found.assertClose(
            sequences.padded(config, Device.CPU).attend(layer, q, k, v),
            sequences.attention(decoder).attend(layer, q, k, v));
      }
    }
  }

  private static Tensor columns(Tensor rows, Ragged sequences) {
    return rows.narrow(0, 0, sequences.rows()).permute(1, 0, 2);
  }

  /** Two that continue the first, and two by themselves. */
  private static Ragged sequences(boolean shared) {
    Ragged.Builder builder = new Ragged.Builder();
    for (int i = 0; i < LENGTHS.length; i++) {
      int[] ids = new int[LENGTHS[i]];
      if (shared && i > 0 && i < 3) {
        builder.add(ids, 0);
      } else {
        builder.add(ids);
      }
    }
    return builder.build();
  }

  private record Found(Tensor output, Tensor q, Tensor k, Tensor v) {
    void assertIs(Found other) {
      assertClose(output, other.output);
      assertClose(q, other.q);
      assertClose(k, other.k);
      assertClose(v, other.v);
    }

    private static void assertClose(Tensor found, Tensor expected) {
      assertThat(found.floats()).containsExactly(expected.floats(), within(2e-5f));
    }
  }

  private static Found found(
      Decoder decoder, int layer, DocumentAttention attention, Ragged sequences) {
    ModelConfig config = decoder.config();
    Random random = new Random(4);
    int[] positions = Arrays.copyOf(sequences.positions(), ROWS);
    Inputs inputs = new Inputs(queries(config, random), keys(config, random), keys(config, random));
    Tensor byOutput =
        queries(config, random).view(ROWS, (long) config.heads() * config.headWidth());
    Inputs by = new Inputs(queries(config, random), keys(config, random), keys(config, random));
    return Native.withoutGradients(
        () -> {
          DocumentAttention.Applied applied =
              attention.apply(
                  layer,
                  inputs,
                  decoder.angles(config.layerTypes().get(layer), positions),
                  DType.F32);
          Tensor output = applied.output().narrow(0, 0, sequences.rows());
          applied.backward(byOutput, by);
          return new Found(output, own(by.q()), own(by.k()), own(by.v()));
        });
  }

  private static Tensor own(Tensor gradient) {
    return gradient.narrow(0, 0, ROWS - 3);
  }

  private static Tensor queries(ModelConfig config, Random random) {
    return drawn(random, ROWS, config.heads(), config.headWidth());
  }

  private static Tensor keys(ModelConfig config, Random random) {
    return drawn(random, ROWS, config.keyValueHeads(), config.headWidth());
  }

  private static Tensor drawn(Random random, int rows, int heads, int width) {
    float[] values = new float[rows * heads * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, rows, heads, width);
  }

  private static Decoder decoder(String name) {
    try (Checkpoint checkpoint = Checkpoint.open(Reference.checkpoint(name))) {
      return Decoder.load(checkpoint.config(), checkpoint.weights(), Precision.FP32, Device.CPU);
    }
  }
}
