package dev.palimpsest.data;

import dev.palimpsest.tokenizer.Encoding;

/** What the encoder asks of a tokenizer. */
interface Codec {
  /** Tokens of a text, nothing added. */
  Encoding encode(String text);

  /** Tokens of a text with what the tokenizer itself puts around a document. */
  int[] encodeDocument(String text);

  /** Whether a token is a control token rather than text. */
  boolean isSpecial(int id);
}
