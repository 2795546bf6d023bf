package dev.palimpsest.model;

/**
 * How a stored element type packs numbers: blocks of {@code elements} numbers in {@code bytes}
 * bytes each.
 */
record BlockFormat(int elements, int bytes, Decoder decoder) {
  /** Turns whole blocks into floats. */
  @FunctionalInterface
  interface Decoder {
    /** Reads {@code blocks} blocks from the start of {@code in} to the start of {@code out}. */
    void decode(byte[] in, float[] out, int blocks);
  }

  /** Bytes that {@code count} elements take, a multiple of {@link #elements}. */
  long bytesOf(long count) {
    return Math.multiplyExact(count / elements, (long) bytes);
  }
}
