package dev.palimpsest.measure;

import java.util.Optional;

/**
 * One item, before and after.
 *
 * @param before 1 for right, 0 for wrong; for a text its bits a byte
 * @param after likewise
 * @param answerBefore what was answered or chosen; absent for a text
 * @param loopsBefore whether that answer ended in endless repetition
 */
public record ItemRow(
    String probe,
    String id,
    double before,
    double after,
    Optional<String> answerBefore,
    Optional<String> answerAfter,
    boolean loopsBefore,
    boolean loopsAfter) {}
