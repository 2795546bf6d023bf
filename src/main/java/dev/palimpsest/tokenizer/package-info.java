/** Text to token ids and back; chat templates. Level 0. */
@NullMarked
package dev.palimpsest.tokenizer;

import org.jspecify.annotations.NullMarked;
