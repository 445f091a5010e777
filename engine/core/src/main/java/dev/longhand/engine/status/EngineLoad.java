package dev.longhand.engine.status;

/**
 * The load of an engine at one moment.
 *
 * @param running sequences in the running batch
 * @param waiting requests in the queue
 * @param queueFull whether the queue would reject another request for the base model
 * @param kvPagesHeld KV pages that running sequences hold or have reserved
 * @param kvPages all KV pages of the engine
 * @param alive whether the engine can compute: it is open, and its recent steps did not all fail
 */
public record EngineLoad(
        int running, int waiting, boolean queueFull, int kvPagesHeld, int kvPages, boolean alive) {
    /** Returns this load of an engine that cannot compute any more. */
    public EngineLoad lost() {
        return new EngineLoad(running, waiting, queueFull, kvPagesHeld, kvPages, false);
    }
}
