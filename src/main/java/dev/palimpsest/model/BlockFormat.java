package dev.palimpsest.model;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a stored element type packs numbers: blocks of {@code elements} numbers in {@code bytes}
 * bytes each.
 *
 * @param packing null for a type that is only read
 */
record BlockFormat(int elements, int bytes, Decoder decoder, @Nullable Encoder packing) {
  /** A type that is only read. */
  BlockFormat(int elements, int bytes, Decoder decoder) {
    this(elements, bytes, decoder, null);
  }

  /** Turns whole blocks into floats. */
  @FunctionalInterface
  interface Decoder {
    /** Reads {@code blocks} blocks from the start of {@code in} to the start of {@code out}. */
    void decode(byte[] in, float[] out, int blocks);
  }

  /** Turns floats into whole blocks. */
  @FunctionalInterface
  interface Encoder {
    /** Packs {@code blocks} blocks from the start of {@code in} to the start of {@code out}. */
    void encode(float[] in, byte[] out, int blocks);
  }

  /** How it is written, if it is. */
  Optional<Encoder> encoder() {
    return Optional.ofNullable(packing);
  }

  /** Bytes that {@code count} elements take, a multiple of {@link #elements}. */
  long bytesOf(long count) {
    return Math.multiplyExact(count / elements, (long) bytes);
  }
}
