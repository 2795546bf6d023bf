/** Samples: readers, mapping, examples with their labels, packing. Level 1. */
@NullMarked
package dev.palimpsest.data;

import org.jspecify.annotations.NullMarked;
