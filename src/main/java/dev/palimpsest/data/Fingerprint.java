package dev.palimpsest.data;

/**
 * What a data set is known by.
 *
 * @param file SHA-256 of the file's bytes, in hexadecimal
 * @param samples SHA-256 of the samples as they were read (kind, id, slice, contents, in order), in
 *     hexadecimal: the same for a file in another format with the same rows
 * @param rows how many samples there are
 */
public record Fingerprint(String file, String samples, int rows) {}
