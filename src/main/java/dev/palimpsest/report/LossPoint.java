package dev.palimpsest.report;

import java.util.OptionalDouble;

/**
 * One step of a training curve.
 *
 * @param train mean loss of the step, nats a token
 * @param heldOut held-out loss after it, where it was measured
 */
public record LossPoint(long step, double train, OptionalDouble heldOut) {}
