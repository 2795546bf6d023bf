/** The commands: read options, call one verb, print the result. Level 8. */
@NullMarked
package dev.palimpsest.cli;

import org.jspecify.annotations.NullMarked;
