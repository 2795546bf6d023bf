package dev.palimpsest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.palimpsest.Reference;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.DecodeAttention;
import dev.palimpsest.tensor.Device;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Step by step against a pass of whole sequences, by whose logits transformers' are met. */
class StepDecoderTest {
  private static final int[][] SEQUENCES = {
    {5, 80, 17, 33, 9, 41, 3, 12, 60, 7, 22, 71}, {44, 2, 61, 8, 80, 80, 13, 50, 1, 37, 29, 4}
  };

  /** Logits of all tokens, two ways. */
  @SuppressWarnings("ArrayRecordComponent") // read only here
  private record Logits(float[] pass, float[] steps) {
    static Logits of(String name, Precision precision, Function<Decoder, AdaptedDecoder> adapted) {
      try (Scope _ = Scope.open();
          Checkpoint checkpoint = Checkpoint.open(Reference.checkpoint(name));
          Decoder decoder =
              Decoder.load(checkpoint.config(), checkpoint.weights(), precision, Device.CPU)) {
        AdaptedDecoder prepared = adapted.apply(decoder).prepared();
        Ragged sequences = Ragged.of(Arrays.asList(SEQUENCES));
        return Native.withoutGradients(
            () ->
                new Logits(
                    prepared.logits(prepared.hidden(sequences)).floats(), bySteps(prepared)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3", "mistral", "qwen2", "qwen3", "gemma3", "mixtral"})
  void logits_inFp32_areAPasss(String name) {
    Logits logits = Logits.of(name, Precision.FP32, AdaptedDecoder::base);

    assertThat(logits.steps).containsExactly(logits.pass, within(3e-5f));
  }

  /** Sums that differ in their last bits are rounded to either side. */
  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen3", "gemma3", "mixtral"})
  void logits_inBf16_areAsFarFromFp32AsAPasss(String name) {
    float[] exact = Logits.of(name, Precision.FP32, AdaptedDecoder::base).pass;

    Logits logits = Logits.of(name, Precision.BF16, AdaptedDecoder::base);

    assertThat(distance(logits.steps, exact)).isLessThan(1e-5 + 1.3 * distance(logits.pass, exact));
  }

  private static double distance(float[] from, float[] to) {
    double squares = 0;
    for (int i = 0; i < to.length; i++) {
      squares += Math.pow(from[i] - to[i], 2);
    }
    return Math.sqrt(squares / to.length);
  }

  private static Map<String, Factors> factors(Decoder decoder) {
    return PeftFolder.read(Reference.adapter("plain"), decoder.config()).factors();
  }

  @Test
  void logits_underAnAdapter_areAPasss() {
    Logits logits =
        Logits.of(
            "llama", Precision.FP32, decoder -> new AdaptedDecoder(decoder, factors(decoder)));

    assertThat(logits.steps).containsExactly(logits.pass, within(3e-5f));
    assertThat(distance(logits.steps, base())).isGreaterThan(1e-3);
  }

  @Test
  void logits_overAnAdapterThatStays_areAPasss() {
    Logits logits =
        Logits.of(
            "llama",
            Precision.FP32,
            decoder -> AdaptedDecoder.base(decoder.under(factors(decoder))));

    assertThat(logits.steps).containsExactly(logits.pass, within(3e-5f));
    assertThat(distance(logits.steps, base())).isGreaterThan(1e-3);
  }

  private static float[] base() {
    return Logits.of("llama", Precision.FP32, AdaptedDecoder::base).pass;
  }

  /** Logits of all tokens, sequence by sequence. */
  private static float[] bySteps(AdaptedDecoder prepared) {
    ModelConfig config = prepared.config();
    int length = SEQUENCES[0].length;
    StepDecoder steps = prepared.steps();
    List<DecodeAttention.Kept> kept = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      kept.add(DecodeAttention.Kept.of(empty(config, length), empty(config, length), length));
    }
    float[] all = new float[SEQUENCES.length * length * config.vocabulary()];
    for (int place = 0; place < length; place++) {
      int at = place;
      int[] ids = Arrays.stream(SEQUENCES).mapToInt(sequence -> sequence[at]).toArray();
      int[] positions = new int[ids.length];
      Arrays.fill(positions, at);
      float[] logits = steps.logits(ids, positions, attention(config, kept, at)).floats();
      for (int sequence = 0; sequence < ids.length; sequence++) {
        System.arraycopy(
            logits,
            sequence * config.vocabulary(),
            all,
            (sequence * length + at) * config.vocabulary(),
            config.vocabulary());
      }
    }
    return all;
  }

  private static StepAttention attention(
      ModelConfig config, List<DecodeAttention.Kept> kept, int place) {
    return (layer, heads, into) -> {
      boolean slides = config.slides(layer);
      int count = slides ? Math.min(place + 1, config.window()) : place + 1;
      for (int sequence = 0; sequence < SEQUENCES.length; sequence++) {
        int keys = config.heads() * config.headWidth();
        kept.get(layer).put(sequence, place, heads.values(), sequence * heads.width() + keys);
      }
      int[] counts = IntStream.generate(() -> count).limit(SEQUENCES.length).toArray();
      int[] first = IntStream.generate(() -> place + 1 - count).limit(SEQUENCES.length).toArray();
      new DecodeAttention(first, counts).of(heads, kept.get(layer), config.queryScale(), into);
    };
  }

  private static Tensor empty(ModelConfig config, int length) {
    return Tensor.zeros(
        DType.F32, (long) SEQUENCES.length * length, config.keyValueHeads(), config.headWidth());
  }
}
