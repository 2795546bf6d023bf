package dev.palimpsest.tokenizer;

/** Turns a text into tokens; nothing is added to it. */
interface Segmenter {
  int[] ids(String text);

  /** The same ids, with their ends. */
  Encoding encode(String text);
}
