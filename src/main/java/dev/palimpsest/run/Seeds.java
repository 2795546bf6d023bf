package dev.palimpsest.run;

import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;

/**
 * Independent random streams from one seed: each use names its own, so that a draw more in one
 * place changes nothing in another.
 *
 * <p>Streams are SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). A stream's own seed mixes the root
 * with the name's FNV-1a hash.
 *
 * @param root the seed that the user gave
 */
public record Seeds(long root) {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;
  private static final long FNV_BASIS = 0xCBF29CE484222325L;
  private static final long FNV_PRIME = 0x100000001B3L;

  /** The seed of the stream with this name. */
  public long seed(String name) {
    long hash = FNV_BASIS;
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xFF)) * FNV_PRIME;
    }
    return mix(mix(root + GOLDEN_GAMMA) + hash);
  }

  /** The seed of one member of a family of streams, such as one per epoch or item. */
  public long seed(String name, long index) {
    return mix(seed(name) + GOLDEN_GAMMA * (index + 1));
  }

  /** A generator at the start of the stream with this name. */
  public RandomGenerator generator(String name) {
    return new SplitMix64(seed(name));
  }

  /** A generator at the start of one member of a family of streams. */
  public RandomGenerator generator(String name, long index) {
    return new SplitMix64(seed(name, index));
  }

  private static long mix(long z) {
    long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
    return b ^ (b >>> 31);
  }

  /** The generator itself; one thread uses it. */
  static final class SplitMix64 implements RandomGenerator {
    private long state;

    SplitMix64(long seed) {
      state = seed;
    }

    @Override
    public long nextLong() {
      state += GOLDEN_GAMMA;
      return mix(state);
    }
  }
}
