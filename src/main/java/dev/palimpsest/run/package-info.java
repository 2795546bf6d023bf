/**
 * Run folders, manifests, hashes, atomic files, locks, progress, the two kinds of failure. Level 0.
 */
@NullMarked
package dev.palimpsest.run;

import org.jspecify.annotations.NullMarked;
