package dev.longhand.engine.decode;

import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.Usage;
import dev.longhand.engine.lora.AdapterUse;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.sampling.SampleSlot;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/**
 * One generation as the device thread sees it: the prompt, how much of it is in the cache, the
 * tokens since, the pages it holds. Its pages are reserved for the whole declared output when it is
 * admitted, so that a thought that has begun is never thrown away; pages that hold the beginning of
 * its prompt already are shared.
 */
public final class Sequence {
    private final int[] prompt;
    private final AdapterUse adapter;
    private final int outputMax;
    private final FinishReason limitReason;
    private final SampleSlot slot;
    private final StopCondition stop;
    private final TokenLog log;
    private final long submittedNanos = System.nanoTime();
    private final int[] pages;
    private int table = -1;
    private int cached;
    private int shared;
    private int outputCount;
    private long startedNanos;
    private long firstTokenNanos;

    /**
     * A sequence that has not begun.
     *
     * @param prompt token ids, at least one
     * @param adapter released when the sequence ends, however it ends
     * @param outputMax the most tokens to generate
     * @param limitReason what to report when that many were generated
     * @param slot how to draw
     * @param stop when to stop
     * @param log where tokens go
     */
    public Sequence(
            int[] prompt,
            AdapterUse adapter,
            int outputMax,
            FinishReason limitReason,
            SampleSlot slot,
            StopCondition stop,
            TokenLog log) {
        this.prompt = prompt;
        this.adapter = adapter;
        this.outputMax = outputMax;
        this.limitReason = limitReason;
        this.slot = slot;
        this.stop = stop;
        this.log = log;
        // The last token generated is never fed back, so it needs no position.
        pages = new int[KvShape.pagesFor(prompt.length + outputMax - 1)];
        for (int token : prompt) {
            slot.observePrompt(token);
        }
    }

    /** The adapter, if any, under which it runs. */
    public AdapterUse adapter() {
        return adapter;
    }

    /**
     * Takes its pages, those of an earlier sequence that began alike among them.
     *
     * @return whether there were enough; else it holds none
     */
    public boolean reserve(PagePool pool) {
        // The last token of the prompt is always computed: its logits are wanted.
        int shareable = (prompt.length - 1) / KvShape.PAGE_POSITIONS;
        shared = pool.share(adapter.identity(), prompt, shareable, pages);
        if (pool.available() < pages.length - shared) {
            giveBack(pool, shared);
            return false;
        }
        for (int i = shared; i < pages.length; i++) {
            pages[i] = pool.take();
        }
        return true;
    }

    /** Begins with reserved pages: fills row {@code table} of the batch's page tables. */
    public void begin(StepBatch batch, int table) {
        this.table = table;
        startedNanos = System.nanoTime();
        cached = shared * KvShape.PAGE_POSITIONS;
        for (int i = 0; i < pages.length; i++) {
            batch.setPage(table, i, pages[i]);
        }
    }

    /**
     * Gives its pages back, to be kept for others where they are full.
     *
     * @param sound whether all steps so far succeeded, so that the pages hold what they should
     * @return the page table that is free again
     */
    public int end(PagePool pool, boolean sound) {
        if (sound) {
            int[] tokens = Arrays.copyOf(prompt, Math.max(prompt.length, cached));
            for (int i = prompt.length; i < cached; i++) {
                tokens[i] = log.token(i - prompt.length);
            }
            pool.keep(adapter.identity(), tokens, cached, pages);
        }
        giveBack(pool, pages.length);
        return table;
    }

    /** The last first: a page is of use only with all before it. */
    private void giveBack(PagePool pool, int count) {
        for (int i = count - 1; i >= 0; i--) {
            pool.giveBack(pages[i]);
        }
    }

    /** Whether the prompt is in the cache, so that each step adds one token. */
    public boolean decoding() {
        return cached >= prompt.length;
    }

    /** Whether the caller cancelled. */
    public boolean cancelled() {
        return log.cancelled();
    }

    /** The sampler's view of this sequence. */
    public SampleSlot slot() {
        return slot;
    }

    /**
     * Adds the sequence's next rows to a step: one while decoding, else as much of the prompt as
     * {@code rowsMax} admits.
     *
     * @return whether the step draws a token for this sequence
     */
    public boolean addRows(StepBatch batch, int rowsMax) {
        if (decoding()) {
            batch.add(slot.token(), cached++, table);
        } else {
            int end = Math.min(prompt.length, cached + rowsMax);
            while (cached < end) {
                batch.add(prompt[cached], cached, table);
                cached++;
            }
            if (!decoding()) {
                return false;
            }
        }
        slot.moveTo(cached);
        batch.select();
        return true;
    }

    /**
     * Takes over the token that the sampler left in the slot.
     *
     * @return why the sequence ends with it, or null if it goes on
     */
    public @Nullable FinishReason acceptToken() {
        log.append(slot);
        if (outputCount++ == 0) {
            firstTokenNanos = System.nanoTime();
        }
        if (stop.endsWith(slot.token())) {
            return FinishReason.STOP;
        }
        return outputCount == outputMax ? limitReason : null;
    }

    /** Reports the regular end. */
    public void finish(FinishReason reason) {
        adapter.release();
        long now = System.nanoTime();
        boolean begun = startedNanos != 0;
        boolean drawn = firstTokenNanos != 0;
        log.finish(
                reason,
                new Usage(
                        prompt.length,
                        shared * KvShape.PAGE_POSITIONS,
                        outputCount,
                        (begun ? startedNanos : now) - submittedNanos,
                        drawn ? firstTokenNanos - startedNanos : 0,
                        drawn ? now - firstTokenNanos : 0));
    }

    /** Reports the end by an error. */
    public void fail(RuntimeException cause) {
        adapter.release();
        log.fail(cause);
    }
}
