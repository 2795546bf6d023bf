/** The HTML pages of runs, ledgers and comparisons. Level 7. */
@NullMarked
package dev.palimpsest.report;

import org.jspecify.annotations.NullMarked;
