package dev.longhand.service;

/** Told of every generation of a service, by the threads that read them. Must not block. */
public interface ServiceObserver {
    /**
     * A first token was read.
     *
     * @param nanos since the request
     */
    void firstToken(String model, long nanos);

    /**
     * A later token was read.
     *
     * @param nanos since the one before it
     */
    void nextToken(String model, long nanos);

    /** A generation has ended. */
    void ended(GenerationSummary summary);
}
