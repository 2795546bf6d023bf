package dev.palimpsest.inspect;

/**
 * One of the strongest left singular vectors of a changed matrix.
 *
 * @param position from 1, by singular value
 * @param value the singular value
 * @param maxCosine the largest |cosine| with a left singular vector of the base's matrix
 * @param nearest position of that one
 * @param intruder whether {@code maxCosine} is below the threshold
 * @param energyShare of the change's squared norm, how much has this left direction
 */
public record Direction(
    int position,
    double value,
    double maxCosine,
    int nearest,
    boolean intruder,
    double energyShare) {}
