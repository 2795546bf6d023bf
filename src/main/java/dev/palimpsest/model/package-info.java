/** Configurations, weights (safetensors, GGUF), one decoder, adapters (PEFT). Level 1. */
@NullMarked
package dev.palimpsest.model;

import org.jspecify.annotations.NullMarked;
