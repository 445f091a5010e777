package dev.longhand.engine.decode;

/** The free pages of a KV cache: a stack of page numbers. Used by one thread at a time. */
public final class PagePool {
    private final int[] free;
    private int count;

    /** A pool in which every page is free. */
    public PagePool(int pages) {
        free = new int[pages];
        for (int page = pages - 1; page >= 0; page--) {
            free[count++] = page;
        }
    }

    /** Pages that can be taken. */
    public int available() {
        return count;
    }

    /** Takes a page; {@link #available()} must be positive. */
    public int take() {
        if (count == 0) {
            throw new IllegalStateException("no free KV page; admission must reserve first");
        }
        return free[--count];
    }

    /** Gives a page back. */
    public void giveBack(int page) {
        free[count++] = page;
    }
}
