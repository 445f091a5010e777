package dev.longhand.engine.lora;

/**
 * What is known of a loaded adapter.
 *
 * @param name by which requests choose it
 * @param identity of its content, see {@link Adapter#identity}
 * @param rankMax the largest rank
 * @param bytes of host memory while it is resident
 * @param resident whether it is in memory now; else it is read again at the next use
 * @param pinned whether it stays in memory
 */
public record AdapterInfo(
        String name, String identity, int rankMax, long bytes, boolean resident, boolean pinned) {}
