package dev.palimpsest.model;

/** The families of decoders that are understood. */
public enum Architecture {
  /** Llama, SmolLM2, Mistral, Mixtral. */
  LLAMA,
  QWEN2,
  QWEN3,
  GEMMA3
}
