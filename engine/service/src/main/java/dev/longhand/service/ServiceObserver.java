package dev.longhand.service;

/**
 * Observes all generations of a service. Several threads call it concurrently: the events of each
 * generation come from the thread that reads it. Implementations must be thread-safe and must not
 * block.
 */
public interface ServiceObserver {
    /**
     * Called when the first token of a generation was read.
     *
     * @param nanos time since the request
     */
    void firstToken(String model, long nanos);

    /**
     * Called when a later token of a generation was read.
     *
     * @param nanos time since the token before it
     */
    void nextToken(String model, long nanos);

    /** Called when a generation has ended: regularly, by a failure or because it was closed. */
    void ended(GenerationSummary summary);
}
