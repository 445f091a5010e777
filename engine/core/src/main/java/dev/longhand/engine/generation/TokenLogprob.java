package dev.longhand.engine.generation;

/**
 * Token with its natural log-probability under the model, before penalties and truncation.
 *
 * @param id token id
 * @param logprob natural logarithm, at most 0
 */
public record TokenLogprob(int id, float logprob) {}
