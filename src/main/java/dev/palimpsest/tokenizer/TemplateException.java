package dev.palimpsest.tokenizer;

/**
 * A chat template that cannot be read, uses what is not supported, or refuses the conversation. In
 * the last case the message is the template's own.
 */
public final class TemplateException extends IllegalArgumentException {
  private TemplateException(String message) {
    super(message);
  }

  /** What the template itself says through {@code raise_exception}, or Jinja would. */
  static TemplateException raised(String message) {
    return new TemplateException(message);
  }

  static TemplateException unsupported(int line, String what) {
    return new TemplateException("chat template, line " + line + ": " + what + " is not supported");
  }

  static TemplateException syntax(int line, String what) {
    return new TemplateException("chat template, line " + line + ": " + what);
  }
}
