package dev.longhand.engine.decode;

import dev.longhand.engine.constraint.AnswerConstraint;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.sampling.SamplerState;

import org.jspecify.annotations.Nullable;

/**
 * Samples of one sequence in the current step: first those of prompt rows that are scored, then the
 * next token, then one after each draft token.
 */
public final class SequenceSamples {
    private final SamplerState[] samplers; // of the next token, then of each draft token
    private final SequenceDraft draft;
    private final @Nullable PromptScores scores;

    /**
     * Creates the samples of a sequence.
     *
     * @param prompt token ids
     * @param sampler sampler state for the next token
     * @param speculation whether to verify draft tokens
     * @param scores receives the log-probabilities of the prompt; null if nobody wants them
     */
    public SequenceSamples(
            int[] prompt,
            SamplerState sampler,
            Speculation speculation,
            @Nullable PromptScores scores) {
        for (int token : prompt) {
            sampler.observePrompt(token);
        }
        draft = new SequenceDraft(speculation);
        samplers = draft.samplers(sampler);
        this.scores = scores;
    }

    /** Returns the draft tokens. */
    SequenceDraft draft() {
        return draft;
    }

    /** Returns the sampler state of a sample of the step. */
    SamplerState sampler(int index) {
        return scores != null && index < scores.inStep()
                ? scores.sampler(index)
                : samplers[index - scored()];
    }

    /** Returns the number of prompt rows that the step scores. */
    int scored() {
        return scores == null ? 0 : scores.inStep();
    }

    /** Returns the number of leading rows of the prompt that need no score any more. */
    int scoredRows() {
        return scores == null ? Integer.MAX_VALUE : scores.scoredRows();
    }

    /** Returns how many of the prompt rows from a position on take no row of logits each. */
    int plainRows(int position) {
        return scores == null || scores.complete()
                ? Integer.MAX_VALUE
                : Math.max(0, scores.scoredRows() - position);
    }

    /** Returns the heap that the scores of the prompt take, in bytes. */
    long scoreBytes() {
        return scores == null ? 0 : scores.bytes();
    }

    /** Begins a step without samples. */
    void beginStep() {
        if (scores != null) {
            scores.beginStep();
        }
    }

    /** Adds a sample for the prompt row that the batch has got last, if it is to be scored. */
    void addPromptRow(StepBatch batch, int position) {
        if (scores != null) {
            scores.addRow(batch, position);
        }
    }

    /**
     * Adds the sample after the row that the batch has got last, and draft tokens with theirs.
     *
     * @param position position of the next token
     * @param controls the token to take regardless of the logits, and the format of the answer
     * @return the number of samples of the step
     */
    int addNext(StepBatch batch, int table, int position, OutputControls controls) {
        batch.select();
        samplers[0].moveTo(position);
        int forced = controls.forced();
        AnswerConstraint answer = controls.answer();
        samplers[0].force(forced);
        if (answer != null) {
            samplers[0].allow(answer.next(forced));
        }
        draft.addRows(batch, table, position, samplers, answer);
        return scored() + 1 + draft.size();
    }

    /** Keeps sample {@code index} as a score of the prompt; returns whether it is one. */
    boolean acceptScore(int index) {
        if (scores == null || index >= scores.inStep()) {
            return false;
        }
        scores.accept(index);
        return true;
    }
}
