/** Adapter algebra, extraction, growth, export. Level 3. */
@NullMarked
package dev.palimpsest.merge;

import org.jspecify.annotations.NullMarked;
