package dev.palimpsest.report;

/**
 * A named value, as it is shown: a setting, a hash, a cost.
 *
 * @param value with its unit
 */
public record Fact(String name, String value) {}
