/** KV cache, slots, samplers, and the {@code Answerer} that every system under test is. Level 2. */
@NullMarked
package dev.palimpsest.generate;

import org.jspecify.annotations.NullMarked;
