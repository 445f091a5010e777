package dev.longhand.engine.schedule;

/**
 * How busy an engine is.
 *
 * @param running sequences that advance together now
 * @param waiting requests in the queue
 * @param queueFull whether one more for the base would be refused
 * @param kvPagesHeld pages of the KV cache that running sequences hold or have reserved
 * @param kvPages all pages of the KV cache
 * @param alive whether steps can still be made: the engine is open, and its last steps did not all
 *     fail
 */
public record EngineLoad(
        int running, int waiting, boolean queueFull, int kvPagesHeld, int kvPages, boolean alive) {}
