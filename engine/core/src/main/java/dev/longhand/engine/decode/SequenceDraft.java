package dev.longhand.engine.decode;

import dev.longhand.engine.constraint.AnswerConstraint;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.speculation.Drafter;
import dev.longhand.engine.speculation.StepCostModel;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.sampling.SamplerState;

import org.jspecify.annotations.Nullable;

/** Draft tokens of one sequence: those of the current step, and their counts over all steps. */
final class SequenceDraft {
    private final Speculation speculation;
    private @Nullable Drafter drafter;
    private int size; // of the current step
    private int drafted;
    private int accepted;

    SequenceDraft(Speculation speculation) {
        this.speculation = speculation;
    }

    /** Returns sampler states for the last token and for each draft token. */
    SamplerState[] samplers(SamplerState first) {
        int count = speculation == Speculation.OFF ? 1 : 1 + Drafter.DRAFT_MAX;
        SamplerState[] samplers = new SamplerState[count];
        samplers[0] = first;
        for (int i = 1; i < count; i++) {
            samplers[i] = new SamplerState(samplers[i - 1]);
        }
        return samplers;
    }

    /** Starts with a prompt; the sequence has at most {@code tokensMax} tokens. */
    void begin(int[] prompt, int tokensMax) {
        if (speculation != Speculation.OFF) {
            drafter = new Drafter(speculation, tokensMax);
            for (int token : prompt) {
                drafter.observePrompt(token);
            }
        }
    }

    /** Decides how many draft tokens the next step verifies, at most {@code most}; returns it. */
    int plan(StepCostModel costs, int most) {
        size = drafter == null ? 0 : drafter.plan(costs, most);
        return size;
    }

    /** Returns the number of draft tokens of the current step. */
    int size() {
        return size;
    }

    /**
     * Adds the rows of the draft tokens to a step: all that were planned, or those before the first
     * that the format of the answer does not allow.
     *
     * @param position position of the first draft token
     * @param samplers sampler states of the sequence: 0 for the row before the draft
     * @param answer the format of the answer; null if it is free
     */
    void addRows(
            StepBatch batch,
            int table,
            int position,
            SamplerState[] samplers,
            @Nullable AnswerConstraint answer) {
        for (int i = 0; drafter != null && i < size; i++) {
            if (answer != null) {
                if (!answer.draft(drafter.draftToken(i))) {
                    size = i;
                    break;
                }
                samplers[1 + i].allow(answer.afterDraft());
            }
            batch.add(drafter.draftToken(i), position + i, table);
            batch.select();
            samplers[1 + i].follow(drafter.draftToken(i));
            samplers[1 + i].moveTo(position + i + 1);
        }
        drafted += size;
    }

    /** Counts an accepted draft token. */
    void accept() {
        accepted++;
    }

    /** Appends an output token. */
    void observe(int token) {
        if (drafter != null) {
            drafter.observe(token);
        }
    }

    /** Returns the number of draft tokens that were verified. */
    int drafted() {
        return drafted;
    }

    /** Returns the number of draft tokens that were accepted. */
    int accepted() {
        return accepted;
    }
}
