package dev.palimpsest.generate;

/**
 * How likely a completion is.
 *
 * @param logprob sum over its tokens, in nats
 * @param tokens how many were scored
 * @param bytes of their text in UTF-8
 * @param greedy whether each token was the most likely one at its place
 */
public record Likelihood(double logprob, int tokens, int bytes, boolean greedy) {}
