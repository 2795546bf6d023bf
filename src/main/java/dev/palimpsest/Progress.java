package dev.palimpsest;

/**
 * How far a piece of long work is.
 *
 * @param task what is done, in a word or two; a point of another task ends the one before
 * @param done units done
 * @param total units in all, 0 if unknown
 * @param unit of the two, plural: steps, items, bytes
 * @param note what else to show, such as the loss; may be empty
 */
public record Progress(String task, long done, long total, String unit, String note) {}
