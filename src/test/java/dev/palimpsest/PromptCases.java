package dev.palimpsest;

import java.util.stream.Stream;

/** The soft prompts and prefixes of reference/prompts.py. */
public final class PromptCases {
  private PromptCases() {}

  /** Their names there. */
  public static Stream<String> names() {
    return Stream.of(
        "prompt",
        "prefix",
        "qwen3-prompt",
        "qwen3-prefix",
        "gemma3-prompt",
        "gemma3-prefix",
        "mistral-prefix");
  }
}
