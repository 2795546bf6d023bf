package dev.palimpsest.compare;

import dev.palimpsest.data.DataSpec;
import java.nio.file.Path;
import java.util.Optional;

/**
 * An adapter that is to be carried from the base it was trained over to another one.
 *
 * @param adapter its PEFT folder
 * @param sha256 of it
 * @param from what the user calls the old base
 * @param to what the user calls the new base
 * @param anyBase whether an adapter that records another base than the old one is taken
 * @param data texts or prompts that the ways may use
 * @param seed of all draws
 */
public record PortPlan(
    Path adapter,
    String sha256,
    String from,
    String to,
    boolean anyBase,
    Optional<DataSpec> data,
    long seed) {}
