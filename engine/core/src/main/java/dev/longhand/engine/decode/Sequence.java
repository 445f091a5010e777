package dev.longhand.engine.decode;

import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.lora.AdapterUse;
import dev.longhand.engine.speculation.StepCostModel;
import dev.longhand.kernels.backend.BackendMemory;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.sampling.SamplerState;

import org.jspecify.annotations.Nullable;

/**
 * One generation as the device thread sees it: prompt, sampled tokens, KV pages. It is created on
 * the thread that submits the request; once queued, it is used by the device thread only. Its life:
 *
 * <ol>
 *   <li><b>waiting</b>: holds no pages. It can end from here, without running.
 *   <li><b>reserved</b>, by {@link #reserve}: holds the pages of its tokens, and of a declared
 *       output. Pages with the beginning of the prompt are shared.
 *   <li><b>prefilling</b>, by {@link #begin}: steps compute the tokens that are not in the cache.
 *   <li><b>decoding</b>, by the last of these in {@link #addRows}: each step samples a token and
 *       may verify draft tokens. An undeclared output takes further pages by {@link #grow}.
 *   <li><b>released</b>, by {@link #end}: has given its pages back.
 *   <li><b>ended</b>, by {@link #finish} or {@link #fail}: has released its adapter and reported
 *       its end.
 * </ol>
 *
 * <p>{@link #pause} takes a sequence with an undeclared output back to waiting. It keeps its
 * output, and later computes the lost positions again, with the same keys and values bit for bit.
 *
 * <p>A call in another state or rows without pages throw {@link IllegalStateException}.
 */
public final class Sequence {
    private enum State {
        WAITING,
        RESERVED,
        PREFILLING,
        DECODING,
        RELEASED,
        ENDED
    }

    private final int[] prompt;
    private final AdapterUse adapter;
    private final OutputLimit limit;
    private final SequenceSamples samples;
    private final OutputControls controls;
    private final @Nullable SharedPrompt sharedPrompt;
    private final TokenLog log;
    private final SequenceClock clock;
    private final SequencePages pages;
    private final SequenceDraft draft;
    private State state = State.WAITING;
    private int table = -1;
    private int cached; // positions in the cache, those of the current step included
    private int reused; // positions computed by other sequences
    private int lastToken;
    private int outputCount;

    /**
     * Creates a waiting sequence.
     *
     * @param prompt token ids, at least one
     * @param adapter released exactly once, when the sequence ends for any reason
     * @param limit limit for the output
     * @param samples sampler states and draft tokens
     * @param controls limits of the output
     * @param sharedPrompt shared by all samples of the request; null if there is only one
     * @param log receives the sampled tokens and the end
     */
    public Sequence(
            int[] prompt,
            AdapterUse adapter,
            OutputLimit limit,
            SequenceSamples samples,
            OutputControls controls,
            @Nullable SharedPrompt sharedPrompt,
            TokenLog log) {
        clock = new SequenceClock(controls.timeouts());
        this.prompt = prompt;
        this.adapter = adapter;
        this.limit = limit;
        this.samples = samples;
        draft = samples.draft();
        this.controls = controls;
        this.sharedPrompt = sharedPrompt;
        this.log = log;
        pages = new SequencePages(positionsMax());
    }

    /** Returns the times and time limits of the sequence. */
    public SequenceClock clock() {
        return clock;
    }

    /** Returns how the sequence uses an adapter. */
    public AdapterUse adapter() {
        return adapter;
    }

    /** Whether no other sample is computing the prompt of this one. */
    public boolean mayBegin() {
        return sharedPrompt == null || sharedPrompt.mayBegin();
    }

    /**
     * Takes the pages of all tokens so far, and of the whole output if it is declared: shares those
     * that contain the beginning of the tokens, takes others for the rest. Without enough pages it
     * takes none and waits on.
     *
     * @param spare pages that must stay available for sequences that grow
     * @return whether there were enough pages
     */
    public boolean reserve(PagePool pool, int spare) {
        require(state == State.WAITING, "reserve pages");
        int computed = computed();
        // The last token of the prompt is always computed, since its logits are needed.
        int known = promptComputed() ? computed : computed - 1;
        int shareable = Math.min(known, samples.scoredRows()) / KvShape.PAGE_POSITIONS;
        int positions = limit.declared() ? positionsMax() : Math.min(positionsMax(), computed + 1);
        int[] tokens = log.following(prompt, computed);
        if (!pages.reserve(pool, adapter.identity(), tokens, shareable, positions, spare)) {
            return false;
        }
        state = State.RESERVED;
        return true;
    }

    /** Returns the most positions in the cache: the last token generated is never fed back. */
    private int positionsMax() {
        return prompt.length + limit.sampled() - 1;
    }

    /** Returns the number of leading positions that a prefill has to bring into the cache. */
    private int computed() {
        return prompt.length + Math.max(0, outputCount - 1);
    }

    private int token(int position) {
        return position < prompt.length ? prompt[position] : log.token(position - prompt.length);
    }

    /** Begins the prefill, and writes the pages to page table {@code table} of the batch. */
    public void begin(StepBatch batch, int table) {
        require(state == State.RESERVED, "begin");
        this.table = table;
        pages.write(batch, table);
        cached = pages.shared() * KvShape.PAGE_POSITIONS;
        state = promptComputed() && cached == computed() ? State.DECODING : State.PREFILLING;
        if (clock.begun()) {
            return; // after a pause
        }
        log.begin();
        clock.begin();
        reused = cached;
        if (sharedPrompt != null) {
            sharedPrompt.begins(this);
        }
        draft.begin(prompt, prompt.length + limit.tokens());
    }

    /** Whether the next step needs a page that the sequence does not hold yet. */
    public boolean mustGrow() {
        return decoding() && cached == pages.positions();
    }

    /** Takes one more page; returns whether one was available. */
    public boolean grow(PagePool pool, StepBatch batch) {
        require(!limit.declared() && mustGrow(), "grow");
        return pages.grow(pool, batch, table);
    }

    /** Whether the sequence runs and may be paused: its output is not declared. */
    public boolean mayPause() {
        return !limit.declared() && (decoding() || state == State.PREFILLING);
    }

    /**
     * Gives all pages back, between two steps. Full pages stay in the pool for the return of the
     * sequence until others need them.
     *
     * @return the page table, which is free again
     */
    public int pause(PagePool pool) {
        require(mayPause(), "pause");
        releasePages(pool, true);
        state = State.WAITING;
        return table;
    }

    /**
     * Copies the last page of the prompt, which samples never share, from a sample that has
     * computed it. Then only the last prompt token is left to compute. Positions of the page beyond
     * the prompt are overwritten before they are read.
     */
    public void copyPrompt(BackendMemory memory, KvCache kv) {
        require(state == State.PREFILLING, "copy its prompt");
        Sequence holder = sharedPrompt == null ? null : sharedPrompt.holder();
        int shared = pages.shared();
        boolean whole = shared == (prompt.length - 1) / KvShape.PAGE_POSITIONS;
        if (holder != null && whole && cached < prompt.length - 1) {
            holder.require(holder.state == State.DECODING, "be copied from");
            memory.copyPage(kv, holder.pages.page(shared), pages.page(shared));
            cached = prompt.length - 1;
            reused = cached;
        }
    }

    /** Makes the full pages of the prompt available for sharing. Call it after the first token. */
    public void keepPrompt(PagePool pool) {
        require(state == State.DECODING && promptComputed(), "share its prompt");
        pages.keep(pool, adapter.identity(), prompt, prompt.length);
    }

    /** Whether a step has successfully computed the end of the prompt; stays true after the end. */
    public boolean promptComputed() {
        return outputCount > 0;
    }

    /** Whether the sequence has paused and has not computed its lost positions again. */
    boolean paused() {
        return promptComputed() && state.compareTo(State.DECODING) < 0;
    }

    /** Whether {@link #finish} or {@link #fail} was called. */
    boolean ended() {
        return state == State.ENDED;
    }

    /** Returns the number of tokens that the sequence may still generate. */
    public int outputLeft() {
        return limit.tokens() - outputCount;
    }

    /**
     * Gives all pages back. Call {@link #finish} or {@link #fail} next.
     *
     * @param sound whether all steps of this sequence succeeded; only then its full pages are kept
     *     for other sequences
     * @return the page table, which is free again
     */
    public int end(PagePool pool, boolean sound) {
        require(decoding() || state == State.PREFILLING, "give its pages back");
        releasePages(pool, sound);
        state = State.RELEASED;
        return table;
    }

    private void releasePages(PagePool pool, boolean sound) {
        if (sound) {
            assert !decoding() || cached == computed() : "mid-step";
            pages.keep(pool, adapter.identity(), log.following(prompt, cached), cached);
        }
        pages.giveBack(pool);
    }

    /** Whether all prompt rows have been added to a step, so that each step samples a token. */
    public boolean decoding() {
        return state == State.DECODING;
    }

    /** Whether the caller has cancelled the generation. */
    public boolean cancelled() {
        return log.cancelled();
    }

    /**
     * Returns the sampler state of sample {@code index} of a step: first those of scored prompt
     * rows, then that of the next token, then one per draft token.
     */
    public SamplerState sampler(int index) {
        return samples.sampler(index);
    }

    /** Returns how many of the next prompt rows take no row of logits each. */
    public int plainRows() {
        return samples.plainRows(cached);
    }

    /** Returns the number of prefill rows that have not been added to a step yet. */
    public int promptRows() {
        return decoding() ? 0 : Math.max(0, computed() - cached);
    }

    /**
     * Decides how many draft tokens the next step verifies, at most {@code rowsMax}. While
     * decoding, call it before {@link #addRows} of every step.
     */
    public int planDraft(StepCostModel costs, int rowsMax) {
        require(decoding(), "draft tokens");
        // The step may add the token of its first row and all draft tokens to the output. The held
        // pages have room for one row more than the draft.
        int room = Math.min(rowsMax, limit.tokens() - outputCount - 1);
        room = Math.min(room, pages.positions() - cached - 1);
        return draft.plan(costs, Math.min(room, controls.draftMax()));
    }

    /**
     * Adds the next rows of the sequence to a step. While prefilling, these are the next prompt
     * tokens, at most {@code rowsMax}; while decoding, the last token and the draft tokens.
     *
     * @return the number of tokens that the step samples for this sequence
     */
    public int addRows(StepBatch batch, int rowsMax) {
        require(decoding() || state == State.PREFILLING, "add rows");
        samples.beginStep();
        if (!decoding()) {
            int end = Math.min(computed(), cached + rowsMax);
            while (cached < end) {
                batch.add(token(cached), cached, table);
                samples.addPromptRow(batch, cached);
                cached++;
            }
            state = cached < computed() ? State.PREFILLING : State.DECODING;
            if (!decoding() || promptComputed()) {
                return samples.scored();
            }
        } else {
            batch.add(lastToken, cached++, table);
        }
        int positions = Math.min(pages.positions(), positionsMax());
        require(cached + draft.size() <= positions, "use more positions than reserved");
        return samples.addNext(batch, table, cached, controls);
    }

    /**
     * Appends the token of sampler {@code index} to the output, or keeps the score of a prompt
     * token. Call it in ascending order, and only if the sampler {@link SamplerState#counts}.
     *
     * @return the reason why the sequence ends with this token, or null if it continues
     */
    public @Nullable FinishReason acceptToken(int index) {
        if (samples.acceptScore(index)) {
            return null;
        }
        int drafts = index - samples.scored();
        require(
                decoding() && drafts <= draft.size() && outputCount < limit.sampled(),
                "accept a token");
        SamplerState sampler = samples.sampler(index);
        if (limit.tokens() == 0) {
            clock.firstToken();
            return limit.reason();
        }
        if (drafts > 0) {
            // The draft token's row stays in the cache; the next step overwrites rejected ones.
            cached++;
            draft.accept();
        }
        lastToken = sampler.token();
        if (controls.thought() != null) {
            controls.thought().accept(lastToken);
        }
        log.append(sampler, controls.thought());
        draft.observe(lastToken);
        if (outputCount++ == 0) {
            clock.firstToken();
        }
        assert cached == prompt.length + outputCount - 1 : "a sample accepted twice";
        FinishReason end = controls.accept(lastToken);
        return end == null && outputCount == limit.tokens() ? limit.reason() : end;
    }

    /** Ends the sequence regularly: releases its adapter and reports the reason. */
    public void finish(FinishReason reason) {
        releaseAdapter();
        log.finish(
                reason, clock.usage(prompt.length, reused, outputCount, controls.thought(), draft));
    }

    /** Ends the sequence by an error: releases its adapter and reports the cause. */
    public void fail(RuntimeException cause) {
        try {
            releaseAdapter();
        } finally {
            log.fail(cause); // its reader must not wait for ever
        }
    }

    /** Returns the Java heap that the sequence takes from its begin to its end, in bytes. */
    public long heapBytes() {
        return log.bytes() + samples.scoreBytes() + controls.answerBytes();
    }

    private void releaseAdapter() {
        require(state == State.WAITING || state == State.RELEASED, "end");
        state = State.ENDED;
        adapter.release();
    }

    private void require(boolean allowed, String action) {
        if (!allowed) {
            throw new IllegalStateException(
                    "a sequence cannot %s: %s, %d positions cached, %d + %d tokens"
                            .formatted(action, state, cached, prompt.length, outputCount));
        }
    }
}
