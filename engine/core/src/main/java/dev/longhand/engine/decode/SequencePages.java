package dev.longhand.engine.decode;

import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvShape;

/** KV pages that one sequence holds, in the order of its positions. */
final class SequencePages {
    private final int[] pages; // of the longest possible sequence
    private int held;
    private int shared;

    /** Creates an empty list for a sequence of at most {@code positionsMax} positions. */
    SequencePages(int positionsMax) {
        pages = new int[KvShape.pagesFor(positionsMax)];
    }

    /**
     * Takes pages for the first positions: shares those whose tokens are in the pool, takes others
     * for the rest. Takes none if the pool has too few.
     *
     * @param tokens tokens of the sequence
     * @param shareable number of leading pages that may be shared
     * @param positions number of positions to hold
     * @param spare pages that must stay available in the pool
     * @return whether there were enough pages
     */
    boolean reserve(
            PagePool pool, String identity, int[] tokens, int shareable, int positions, int spare) {
        shared = pool.share(identity, tokens, shareable, pages);
        held = shared;
        int count = KvShape.pagesFor(positions);
        if (pool.available() < count - shared + spare) {
            giveBack(pool);
            return false;
        }
        while (held < count) {
            pages[held++] = pool.take();
        }
        return true;
    }

    /** Takes one more page and writes it to a page table, if a page is available. */
    boolean grow(PagePool pool, StepBatch batch, int table) {
        if (pool.available() == 0) {
            return false;
        }
        pages[held] = pool.take();
        batch.setPage(table, held, pages[held]);
        held++;
        return true;
    }

    /** Writes all pages to a page table. */
    void write(StepBatch batch, int table) {
        for (int i = 0; i < held; i++) {
            batch.setPage(table, i, pages[i]);
        }
    }

    /** Returns the number of pages that the last {@link #reserve} shared. */
    int shared() {
        return shared;
    }

    /** Returns the number of positions that the held pages have room for. */
    int positions() {
        return held * KvShape.PAGE_POSITIONS;
    }

    /** Returns the page of an index. */
    int page(int index) {
        return pages[index];
    }

    /** Enters the full pages of the first positions into the pool's tree. */
    void keep(PagePool pool, String identity, int[] tokens, int positions) {
        try {
            pool.keep(identity, tokens, positions, pages);
        } catch (OutOfMemoryError e) {
            // then nobody shares them
        }
    }

    /** Gives all pages back, the last one first, so that it is evicted first. */
    void giveBack(PagePool pool) {
        while (held > 0) {
            pool.giveBack(pages[--held]);
        }
    }
}
