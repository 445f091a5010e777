package dev.longhand.engine.decode;

import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.generation.Usage;
import dev.longhand.engine.lora.AdapterUse;
import dev.longhand.engine.speculation.Drafter;
import dev.longhand.engine.speculation.StepCostModel;
import dev.longhand.engine.thought.ThoughtTracker;
import dev.longhand.kernels.backend.BackendMemory;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.sampling.SamplerState;

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
    private final SamplerState[] samplers; // of the last token, then of each draft token
    private final Speculation speculation;
    private final OutputControls controls;
    private final @Nullable SharedPrompt sharedPrompt;
    private final TokenLog log;
    private final long submittedNanos = System.nanoTime();
    private final int[] pages;
    private int table = -1;
    private int cached;
    private int shared;
    private int reused;
    private boolean ended;
    private @Nullable Drafter drafter;
    private int draft;
    private int drafted;
    private int accepted;
    private int lastToken;
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
     * @param sampler how to sample
     * @param speculation whether to guess tokens
     * @param controls what watches over the output
     * @param sharedPrompt the prompt, if other samples continue it too
     * @param log where tokens go
     */
    public Sequence(
            int[] prompt,
            AdapterUse adapter,
            int outputMax,
            FinishReason limitReason,
            SamplerState sampler,
            Speculation speculation,
            OutputControls controls,
            @Nullable SharedPrompt sharedPrompt,
            TokenLog log) {
        this.prompt = prompt;
        this.adapter = adapter;
        this.outputMax = outputMax;
        this.limitReason = limitReason;
        this.speculation = speculation;
        this.controls = controls;
        this.sharedPrompt = sharedPrompt;
        this.log = log;
        // The last token generated is never fed back, so it needs no position.
        pages = new int[KvShape.pagesFor(prompt.length + outputMax - 1)];
        for (int token : prompt) {
            sampler.observePrompt(token);
        }
        samplers = new SamplerState[speculation == Speculation.OFF ? 1 : 1 + Drafter.DRAFT_MAX];
        samplers[0] = sampler;
        for (int i = 1; i < samplers.length; i++) {
            samplers[i] = new SamplerState(samplers[i - 1]);
        }
    }

    /** The adapter, if any, under which it runs. */
    public AdapterUse adapter() {
        return adapter;
    }

    /** Whether it need not wait for another sample that computes its prompt. */
    public boolean mayBegin() {
        return sharedPrompt == null || sharedPrompt.mayBegin();
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
        reused = cached;
        if (sharedPrompt != null) {
            sharedPrompt.begins(this);
        }
        for (int i = 0; i < pages.length; i++) {
            batch.setPage(table, i, pages[i]);
        }
        if (speculation != Speculation.OFF) {
            drafter = new Drafter(speculation, prompt.length + outputMax);
            for (int token : prompt) {
                drafter.observePrompt(token);
            }
        }
    }

    /**
     * Copies the last page of the prompt, which is not full and hence not shared, from the sample
     * that has computed it: only the last token of the prompt is left to compute. What the page
     * holds beyond the prompt is overwritten before it is read.
     */
    public void copyPrompt(BackendMemory memory, KvCache kv) {
        Sequence holder = sharedPrompt == null ? null : sharedPrompt.holder();
        int shareable = (prompt.length - 1) / KvShape.PAGE_POSITIONS;
        boolean useful = shared == shareable && cached < prompt.length - 1;
        if (holder != null && useful) {
            memory.copyPage(kv, holder.pages[shared], pages[shared]);
            cached = prompt.length - 1;
            reused = cached;
        }
    }

    /** Lets others share the full pages of the prompt, which is in the cache. */
    public void keepPrompt(PagePool pool) {
        pool.keep(adapter.identity(), prompt, prompt.length, pages);
    }

    /** Whether a step that computed the end of the prompt has succeeded. */
    public boolean promptComputed() {
        return outputCount > 0;
    }

    /** Whether it has ended, however it did. */
    boolean ended() {
        return ended;
    }

    /** Tokens that it may still generate. */
    public int outputLeft() {
        return outputMax - outputCount;
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

    /** Whether its time is over. */
    public boolean late(long nowNanos) {
        return over(controls.timeouts().totalMillis(), nowNanos);
    }

    /** Whether it has waited too long to begin. */
    public boolean waitedTooLong(long nowNanos) {
        return late(nowNanos) || over(controls.timeouts().queueMillis(), nowNanos);
    }

    private boolean over(@Nullable Long millis, long nowNanos) {
        return millis != null && nowNanos - submittedNanos >= millis * 1_000_000;
    }

    /** The sampler's view of this sequence, of draw number {@code index} of a step. */
    public SamplerState sampler(int index) {
        return samplers[index];
    }

    /** Rows of the prompt that are not in the cache yet. */
    public int promptRows() {
        return Math.max(0, prompt.length - cached);
    }

    /**
     * Decides how many guessed tokens the next step checks, up to {@code rowsMax}. Call it before
     * {@link #addRows} of every step, while decoding.
     */
    public void planDraft(StepCostModel costs, int rowsMax) {
        // With the token of its own row, every guess that comes true is one more of the output:
        // so the output's pages, reserved already, hold all the guesses.
        int room = Math.min(rowsMax, outputMax - outputCount - 1);
        if (controls.thought() != null) {
            room = Math.min(room, controls.thought().draftMax());
        }
        draft = drafter == null ? 0 : drafter.plan(costs, room);
    }

    /**
     * Adds the sequence's next rows to a step: while decoding, one for the last token and one for
     * each guess; else as much of the prompt as {@code rowsMax} admits.
     *
     * @return how many draws the step makes for this sequence
     */
    public int addRows(StepBatch batch, int rowsMax) {
        if (!decoding()) {
            int end = Math.min(prompt.length, cached + rowsMax);
            while (cached < end) {
                batch.add(prompt[cached], cached, table);
                cached++;
            }
            if (!decoding()) {
                return 0;
            }
        } else {
            batch.add(lastToken, cached++, table);
        }
        batch.select();
        samplers[0].moveTo(cached);
        samplers[0].force(controls.thought() == null ? -1 : controls.thought().forced());
        if (drafter != null) {
            addDraft(drafter, batch);
        }
        return 1 + draft;
    }

    private void addDraft(Drafter guesses, StepBatch batch) {
        for (int i = 0; i < draft; i++) {
            batch.add(guesses.guess(i), cached + i, table);
            batch.select();
            samplers[1 + i].follow(guesses.guess(i));
            samplers[1 + i].moveTo(cached + i + 1);
        }
        drafted += draft;
    }

    /**
     * Takes over the token of sampler {@code index}, which counts.
     *
     * @return why the sequence ends with it, or null if it goes on
     */
    public @Nullable FinishReason acceptToken(int index) {
        SamplerState sampler = samplers[index];
        if (index > 0) {
            // Its row stands for the token before it; rows of wrong guesses are overwritten.
            cached++;
            accepted++;
        }
        lastToken = sampler.token();
        if (controls.thought() != null) {
            controls.thought().accept(lastToken);
        }
        log.append(sampler, controls.thought());
        if (drafter != null) {
            drafter.observe(lastToken);
        }
        if (outputCount++ == 0) {
            firstTokenNanos = System.nanoTime();
        }
        if (controls.stop().endsWith(lastToken)) {
            return FinishReason.STOP;
        }
        if (controls.loops() != null && controls.loops().accept(lastToken)) {
            return FinishReason.LOOP;
        }
        return outputCount == outputMax ? limitReason : null;
    }

    /** Reports the regular end. */
    public void finish(FinishReason reason) {
        ended = true;
        adapter.release();
        ThoughtTracker thought = controls.thought();
        long now = System.nanoTime();
        boolean begun = startedNanos != 0;
        boolean drawn = firstTokenNanos != 0;
        log.finish(
                reason,
                new Usage(
                        prompt.length,
                        reused,
                        outputCount,
                        thought == null ? 0 : thought.thoughtTokens(),
                        thought == null ? outputCount : thought.answerTokens(),
                        drafted,
                        accepted,
                        (begun ? startedNanos : now) - submittedNanos,
                        drawn ? firstTokenNanos - startedNanos : 0,
                        drawn ? now - firstTokenNanos : 0));
    }

    /** Reports the end by an error. */
    public void fail(RuntimeException cause) {
        ended = true;
        adapter.release();
        log.fail(cause);
    }
}
