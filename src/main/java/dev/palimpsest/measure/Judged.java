package dev.palimpsest.measure;

/** How far a probe's judge can be trusted. */
public record Judged(String probe, String judge, JudgeTally tally) {}
