package dev.palimpsest.generate;

/**
 * One answer.
 *
 * @param text without the end token
 * @param ids without the end token
 */
public record Answer(String text, int[] ids, FinishReason finish) {}
