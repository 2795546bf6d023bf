/** Scoring, probes, metrics, statistics, the ledger, preflight. Level 4. */
@NullMarked
package dev.palimpsest.measure;

import org.jspecify.annotations.NullMarked;
