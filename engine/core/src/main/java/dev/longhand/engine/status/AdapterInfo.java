package dev.longhand.engine.status;

/**
 * A loaded LoRA adapter.
 *
 * @param name the name that requests use
 * @param identity hash of its content and scale
 * @param rankMax the largest rank of its matrices
 * @param bytes host memory that it takes while resident
 * @param resident whether it is in memory now; otherwise its next use reads it again
 * @param pinned whether it stays in memory regardless of other adapters
 */
public record AdapterInfo(
        String name, String identity, int rankMax, long bytes, boolean resident, boolean pinned) {}
