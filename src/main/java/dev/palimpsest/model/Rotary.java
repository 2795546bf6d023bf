package dev.palimpsest.model;

import dev.palimpsest.model.ModelConfig.Rope;
import dev.palimpsest.model.ModelConfig.Scaling;
import dev.palimpsest.tensor.Tensor;
import java.util.function.DoubleUnaryOperator;

/** Tables of cosines and sines for rotary embeddings (Su et al., 2104.09864; half-split form). */
final class Rotary {
  private final double[] frequencies; // one per pair of dimensions, radians a token

  Rotary(Rope rope, int headWidth) {
    frequencies = new double[headWidth / 2];
    for (int i = 0; i < frequencies.length; i++) {
      // transformers computes the exponent's power in fp32, and so must whoever would agree with it
      float plain = (float) (1.0 / Math.pow(rope.base(), 2.0 * i / headWidth));
      frequencies[i] = stretch(plain, i, rope.scaling());
    }
  }

  /** What each frequency is divided by, as GGUF files store it ({@code rope_freqs.weight}). */
  static float[] factors(Rope rope, int headWidth) {
    double[] plain = new Rotary(new Rope(rope.base(), new Scaling.None()), headWidth).frequencies;
    double[] stretched = new Rotary(rope, headWidth).frequencies;
    float[] factors = new float[plain.length];
    for (int i = 0; i < factors.length; i++) {
      factors[i] = (float) (plain[i] / stretched[i]);
    }
    return factors;
  }

  /** Whether two turn alike, up to the rounding of stored factors. */
  boolean closeTo(Rotary other) {
    for (int i = 0; i < frequencies.length; i++) {
      if (Math.abs(frequencies[i] / other.frequencies[i] - 1) > 1e-5) {
        return false;
      }
    }
    return frequencies.length == other.frequencies.length;
  }

  private static double stretch(double frequency, int index, Scaling scaling) {
    return switch (scaling) {
      case Scaling.None() -> frequency;
      case Scaling.Linear(double factor) -> frequency / factor;
      case Scaling.Factors(var factors) -> frequency / factors.get(index);
      case Scaling.Llama3 llama3 -> stretch(frequency, llama3);
    };
  }

  // transformers, modeling_rope_utils.py, _compute_llama3_parameters
  private static double stretch(double frequency, Scaling.Llama3 s) {
    double length = 2 * Math.PI / frequency;
    if (length < s.originalContext() / s.highFactor()) {
      return frequency;
    }
    if (length > s.originalContext() / s.lowFactor()) {
      return frequency / s.factor();
    }
    double smooth =
        (s.originalContext() / length - s.lowFactor()) / (s.highFactor() - s.lowFactor());
    return (1 - smooth) * frequency / s.factor() + smooth * frequency;
  }

  /** (positions, headWidth) cosines, both halves alike. */
  Tensor cosines(int[] positions) {
    return table(halfCosines(positions), 1);
  }

  /** (positions, headWidth) sines, the first half negated. */
  Tensor sines(int[] positions) {
    return table(halfSines(positions), -1);
  }

  private Tensor table(float[] values, int firstSign) {
    int half = frequencies.length;
    float[] table = new float[2 * values.length];
    for (int i = 0; i < values.length; i++) {
      int at = i / half * 2 * half + i % half;
      table[at] = firstSign * values[i];
      table[at + half] = values[i];
    }
    return Tensor.of(table, values.length / half, 2L * half);
  }

  /** (positions, headWidth / 2) cosines. */
  float[] halfCosines(int[] positions) {
    return waves(positions, Math::cos);
  }

  /** (positions, headWidth / 2) sines. */
  float[] halfSines(int[] positions) {
    return waves(positions, Math::sin);
  }

  private float[] waves(int[] positions, DoubleUnaryOperator wave) {
    int half = frequencies.length;
    float[] values = new float[positions.length * half];
    for (int i = 0; i < values.length; i++) {
      float angle = (float) (positions[i / half] * frequencies[i % half]);
      values[i] = (float) wave.applyAsDouble(angle);
    }
    return values;
  }
}
