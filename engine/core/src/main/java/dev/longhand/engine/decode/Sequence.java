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
 * One generation as the device thread sees it: prompt, sampled tokens, KV pages. It is created on
 * the thread that submits the request; once queued, it is used by the device thread only. Its life:
 *
 * <ol>
 *   <li><b>queued</b>: holds no pages. It can end from here, without running.
 *   <li><b>reserved</b>, by {@link #reserve}: holds the pages of the prompt and of the whole
 *       declared output, so that a running sequence never has to be dropped for lack of pages.
 *       Pages with the beginning of the prompt are shared.
 *   <li><b>prefilling</b>, by {@link #begin}: steps compute the rest of the prompt.
 *   <li><b>decoding</b>, by the last prompt row in {@link #addRows}: each step samples a token and
 *       may verify draft tokens.
 *   <li><b>released</b>, by {@link #end}: has given its pages back.
 *   <li><b>ended</b>, by {@link #finish} or {@link #fail}: has released its adapter and reported
 *       its end, each once.
 * </ol>
 *
 * <p>A call in another state, rows beyond the reserved positions, or a token that the step did not
 * verify throws {@link IllegalStateException}.
 */
public final class Sequence {
    private enum State {
        QUEUED,
        RESERVED,
        PREFILLING,
        DECODING,
        RELEASED,
        ENDED
    }

    private final int[] prompt;
    private final AdapterUse adapter;
    private final int outputMax;
    private final FinishReason limitReason;
    private final SamplerState[] samplers; // of the last token, then of each draft token
    private final Speculation speculation;
    private final OutputControls controls;
    private final @Nullable SharedPrompt sharedPrompt;
    private final TokenLog log;
    private final SequenceClock clock;
    private final int[] pages;
    private State state = State.QUEUED;
    private int table = -1;
    private int cached; // positions in the cache, those of the current step included
    private int shared; // pages
    private int reused; // positions computed by other sequences
    private @Nullable Drafter drafter;
    private int draft; // draft tokens of the current step
    private int drafted; // draft tokens of all steps
    private int accepted; // of these
    private int lastToken;
    private int outputCount;

    /**
     * Creates a queued sequence.
     *
     * @param prompt token ids, at least one
     * @param adapter released exactly once, when the sequence ends for any reason
     * @param outputMax the most tokens to generate, at least one
     * @param limitReason the reason reported after {@code outputMax} tokens
     * @param sampler sampler state for the last token
     * @param speculation whether to verify draft tokens
     * @param controls limits of the output
     * @param sharedPrompt shared by all samples of the request; null if there is only one
     * @param log receives the sampled tokens and the end
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
        clock = new SequenceClock(controls.timeouts());
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

    /** Returns how the sequence uses an adapter. */
    public AdapterUse adapter() {
        return adapter;
    }

    /** Whether no other sample is computing the prompt of this one. */
    public boolean mayBegin() {
        return sharedPrompt == null || sharedPrompt.mayBegin();
    }

    /**
     * Takes all pages: shares those that contain the beginning of the prompt, takes others for the
     * rest. Without enough pages it takes none and stays queued.
     *
     * @return whether there were enough pages
     */
    public boolean reserve(PagePool pool) {
        require(state == State.QUEUED, "reserve pages");
        // The last token of the prompt is always computed, since its logits are needed.
        int shareable = (prompt.length - 1) / KvShape.PAGE_POSITIONS;
        shared = pool.share(adapter.identity(), prompt, shareable, pages);
        if (pool.available() < pages.length - shared) {
            giveBack(pool, shared);
            return false;
        }
        for (int i = shared; i < pages.length; i++) {
            pages[i] = pool.take();
        }
        state = State.RESERVED;
        return true;
    }

    /** Begins the prefill, and writes the pages to page table {@code table} of the batch. */
    public void begin(StepBatch batch, int table) {
        require(state == State.RESERVED, "begin");
        state = State.PREFILLING;
        this.table = table;
        clock.begin();
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
     * Copies the last page of the prompt, which samples never share, from a sample that has
     * computed it. Then only the last prompt token is left to compute. Positions of the page beyond
     * the prompt are overwritten before they are read.
     */
    public void copyPrompt(BackendMemory memory, KvCache kv) {
        require(state == State.PREFILLING, "copy its prompt");
        Sequence holder = sharedPrompt == null ? null : sharedPrompt.holder();
        int shareable = (prompt.length - 1) / KvShape.PAGE_POSITIONS;
        boolean useful = shared == shareable && cached < prompt.length - 1;
        if (holder != null && useful) {
            holder.require(holder.state == State.DECODING, "be copied from");
            memory.copyPage(kv, holder.pages[shared], pages[shared]);
            cached = prompt.length - 1;
            reused = cached;
        }
    }

    /** Makes the full pages of the prompt available for sharing. Call it after the first token. */
    public void keepPrompt(PagePool pool) {
        require(state == State.DECODING && promptComputed(), "share its prompt");
        pool.keep(adapter.identity(), prompt, prompt.length, pages);
    }

    /** Whether a step has successfully computed the end of the prompt; stays true after the end. */
    public boolean promptComputed() {
        return outputCount > 0;
    }

    /** Whether {@link #finish} or {@link #fail} was called. */
    boolean ended() {
        return state == State.ENDED;
    }

    /** Returns the number of tokens that the sequence may still generate. */
    public int outputLeft() {
        return outputMax - outputCount;
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
        state = State.RELEASED;
        if (sound) {
            assert cached < prompt.length || cached == prompt.length + outputCount - 1 : "mid-step";
            int[] tokens = Arrays.copyOf(prompt, Math.max(prompt.length, cached));
            for (int i = prompt.length; i < cached; i++) {
                tokens[i] = log.token(i - prompt.length);
            }
            pool.keep(adapter.identity(), tokens, cached, pages);
        }
        giveBack(pool, pages.length);
        return table;
    }

    /** Gives the last page back first, since evicting a page cuts off the pages after it. */
    private void giveBack(PagePool pool, int count) {
        for (int i = count - 1; i >= 0; i--) {
            pool.giveBack(pages[i]);
        }
    }

    /** Whether all prompt rows have been added to a step, so that each step samples a token. */
    public boolean decoding() {
        return state == State.DECODING;
    }

    /** Whether the caller has cancelled the generation. */
    public boolean cancelled() {
        return log.cancelled();
    }

    /** Whether the time limit of the whole generation is over. */
    public boolean late(long nowNanos) {
        return clock.late(nowNanos);
    }

    /** Whether the time limit of the queue, or of the whole generation, is over. */
    public boolean waitedTooLong(long nowNanos) {
        return clock.waitedTooLong(nowNanos);
    }

    /** Returns the sampler state of sample {@code index} of a step: 0, then one per draft token. */
    public SamplerState sampler(int index) {
        return samplers[index];
    }

    /** Returns the number of prompt rows that have not been added to a step yet. */
    public int promptRows() {
        return Math.max(0, prompt.length - cached);
    }

    /**
     * Decides how many draft tokens the next step verifies, at most {@code rowsMax}. While
     * decoding, call it before {@link #addRows} of every step.
     */
    public void planDraft(StepCostModel costs, int rowsMax) {
        require(decoding(), "draft tokens");
        // The step may add the token of its first row and all draft tokens to the output. Within
        // outputMax, the reserved pages hold them all.
        int room = Math.min(rowsMax, outputMax - outputCount - 1);
        if (controls.thought() != null) {
            room = Math.min(room, controls.thought().draftMax());
        }
        draft = drafter == null ? 0 : drafter.plan(costs, room);
    }

    /**
     * Adds the next rows of the sequence to a step. While prefilling, these are the next prompt
     * tokens, at most {@code rowsMax}; while decoding, the last token and the draft tokens.
     *
     * @return the number of tokens that the step samples for this sequence
     */
    public int addRows(StepBatch batch, int rowsMax) {
        require(decoding() || state == State.PREFILLING, "add rows");
        if (!decoding()) {
            int end = Math.min(prompt.length, cached + rowsMax);
            while (cached < end) {
                batch.add(prompt[cached], cached, table);
                cached++;
            }
            if (cached < prompt.length) {
                return 0;
            }
            state = State.DECODING;
        } else {
            batch.add(lastToken, cached++, table);
        }
        require(cached + draft < prompt.length + outputMax, "use more positions than reserved");
        batch.select();
        samplers[0].moveTo(cached);
        samplers[0].force(controls.thought() == null ? -1 : controls.thought().forced());
        if (drafter != null) {
            addDraft(drafter, batch);
        }
        return 1 + draft;
    }

    private void addDraft(Drafter source, StepBatch batch) {
        for (int i = 0; i < draft; i++) {
            batch.add(source.draftToken(i), cached + i, table);
            batch.select();
            samplers[1 + i].follow(source.draftToken(i));
            samplers[1 + i].moveTo(cached + i + 1);
        }
        drafted += draft;
    }

    /**
     * Appends the token of sampler {@code index} to the output. Call it in ascending order, and
     * only if the sampler {@link SamplerState#counts}.
     *
     * @return the reason why the sequence ends with this token, or null if it continues
     */
    public @Nullable FinishReason acceptToken(int index) {
        require(decoding() && index <= draft && outputCount < outputMax, "accept a token");
        SamplerState sampler = samplers[index];
        if (index > 0) {
            // The draft token's row stays in the cache; the next step overwrites rejected ones.
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
            clock.firstToken();
        }
        assert cached == prompt.length + outputCount - 1 : "a sample accepted twice";
        if (controls.stop().endsWith(lastToken)) {
            return FinishReason.STOP;
        }
        if (controls.loops() != null && controls.loops().accept(lastToken)) {
            return FinishReason.LOOP;
        }
        return outputCount == outputMax ? limitReason : null;
    }

    /** Ends the sequence regularly: releases its adapter and reports the reason. */
    public void finish(FinishReason reason) {
        releaseAdapter();
        ThoughtTracker thought = controls.thought();
        long now = System.nanoTime();
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
                        clock.queuedNanos(now),
                        clock.prefillNanos(),
                        clock.decodeNanos(now)));
    }

    /** Ends the sequence by an error: releases its adapter and reports the cause. */
    public void fail(RuntimeException cause) {
        releaseAdapter();
        log.fail(cause);
    }

    private void releaseAdapter() {
        require(state == State.QUEUED || state == State.RELEASED, "end");
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
