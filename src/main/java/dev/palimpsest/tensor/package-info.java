/** The only door to libtorch: tensors, scoped memory, precision, fused operations. Level 0. */
@NullMarked
package dev.palimpsest.tensor;

import org.jspecify.annotations.NullMarked;
