package dev.longhand.service;

/**
 * Observes all generations of a service. Several threads call it concurrently: for each generation
 * the thread that reads it. Implementations must be thread-safe and must not block.
 */
public interface ServiceObserver {
    /**
     * A first token was read.
     *
     * @param nanos time since the request
     */
    void firstToken(String model, long nanos);

    /**
     * A later token was read.
     *
     * @param nanos time since the token before it
     */
    void nextToken(String model, long nanos);

    /** A generation has ended: regularly, by a failure or because it was closed. */
    void ended(GenerationSummary summary);
}
