package dev.palimpsest.tokenizer;

/**
 * A piece of a template's source.
 *
 * @param kind what it is
 * @param text the name, operator, digits, string value or plain text
 * @param line counted from one
 */
record Lexeme(Kind kind, String text, int line) {
  enum Kind {
    TEXT,
    OUTPUT_BEGIN,
    OUTPUT_END,
    TAG_BEGIN,
    TAG_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean operator(String symbol) {
    return kind == Kind.OPERATOR && text.equals(symbol);
  }

  boolean name(String word) {
    return kind == Kind.NAME && text.equals(word);
  }
}
