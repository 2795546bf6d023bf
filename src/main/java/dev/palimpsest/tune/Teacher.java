package dev.palimpsest.tune;

import dev.palimpsest.model.AdaptedDecoder;

/**
 * A model whose distribution a run learns, at every label, in the place of the labels themselves.
 *
 * @param decoder of the same tokens as the model that trains; it stays as it is
 * @param fingerprint of all that its distribution hangs on; the run's record holds it
 */
public record Teacher(AdaptedDecoder decoder, String fingerprint) {}
