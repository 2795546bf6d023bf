package dev.palimpsest.inspect;

import java.util.List;

/**
 * What a change is in one linear module.
 *
 * @param name Hugging Face's
 * @param rank of the adapter's factors; of a dense change, the singular values above rounding
 * @param norm of the change (Frobenius)
 * @param relativeNorm that over the norm of the base's matrix
 * @param effectiveRank exp of the entropy of the singular values over their sum (Roy and Vetterli,
 *     2007)
 * @param stableRank squared norm over the largest squared singular value
 * @param spectrum the change's singular values, the largest {@value #SHOWN}
 * @param intruders how many of the directions are
 * @param nullCosine mean of what a random direction's largest cosine is for this shape, simulated
 * @param nullCosine99 that 99 of 100 random directions stay below
 * @param energyShare of the change's squared norm, how much has an intruder's left direction
 * @param modelShare of the whole change's squared norm, how much is in this module
 */
public record InspectedModule(
    String name,
    int rank,
    double norm,
    double relativeNorm,
    double effectiveRank,
    double stableRank,
    List<Double> spectrum,
    int intruders,
    double nullCosine,
    double nullCosine99,
    double energyShare,
    double modelShare,
    List<Direction> directions) {
  /** How much of a spectrum is told. */
  static final int SHOWN = 64;

  /** Copies the lists. */
  public InspectedModule {
    spectrum = List.copyOf(spectrum);
    directions = List.copyOf(directions);
  }

  InspectedModule of(double wholeSquare) {
    return new InspectedModule(
        name,
        rank,
        norm,
        relativeNorm,
        effectiveRank,
        stableRank,
        spectrum,
        intruders,
        nullCosine,
        nullCosine99,
        energyShare,
        wholeSquare > 0 ? norm * norm / wholeSquare : 0,
        directions);
  }
}
