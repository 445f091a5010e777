package dev.longhand.engine.decode;

import dev.longhand.engine.generation.TokenLogprob;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.sampling.SamplingParams;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Log-probabilities of the tokens of a prompt. A step scores some rows of the prompt: each samples
 * with the next prompt token forced, so that the sampler reports this token. No logits outlive
 * their step.
 *
 * <p>Written by the device thread. The caller's thread reads it after the {@link TokenLog} has
 * given it the first token or the end.
 */
public final class PromptScores {
    private final int[] prompt;
    private final int first; // position of the first token with a score
    private final int reported; // most likely tokens per position, besides the token itself
    private final SamplerState[] samplers; // of the rows of a step
    private final int[] topTokens;
    private final float[] topLogprobs;
    private final float[] logprobs; // of the tokens themselves, from the first on
    private int scored; // leading positions that need no further row
    private int inStep; // rows of the current step

    /**
     * Creates an empty list.
     *
     * @param prompt token ids
     * @param first position of the first token to score, 1 to the length of the prompt
     * @param reported number of most likely tokens to report at each position
     * @param rowsMax most rows that one step scores
     * @param vocabulary number of tokens that can be sampled
     */
    public PromptScores(int[] prompt, int first, int reported, int rowsMax, int vocabulary) {
        this.prompt = prompt;
        this.first = first;
        scored = first;
        this.reported = Math.min(reported, vocabulary);
        // the sampler reports a token's log-probability with at least one most likely token
        SamplingParams params =
                new SamplingParams(0, 0, 1, 0, 1, 0, 0, Map.of(), 0, Math.max(1, reported));
        samplers = new SamplerState[Math.min(rowsMax, prompt.length - first)];
        for (int i = 0; i < samplers.length; i++) {
            samplers[i] = new SamplerState(params, vocabulary);
        }
        topTokens = new int[Math.multiplyExact(prompt.length - first, this.reported)];
        topLogprobs = new float[topTokens.length];
        logprobs = new float[prompt.length - first];
    }

    /** Returns the heap that scores of so many tokens take, in bytes, without the samplers. */
    public static long bytes(int tokens, int reported) {
        return Integer.BYTES * (1L + 2L * reported) * tokens;
    }

    /** Returns the heap that these scores take, in bytes, without the samplers. */
    long bytes() {
        return bytes(logprobs.length, reported);
    }

    /** Returns the number of leading positions whose rows need not be computed again. */
    int scoredRows() {
        return scored - 1;
    }

    /** Begins a step that scores no row yet. */
    void beginStep() {
        inStep = 0;
    }

    /** Returns the number of rows that the current step scores. */
    int inStep() {
        return inStep;
    }

    /** Selects the logits of a row if its next token is not scored yet; call it after adding it. */
    void addRow(StepBatch batch, int position) {
        if (position + 1 == scored + inStep && position + 1 < prompt.length) {
            batch.select();
            samplers[inStep++].force(prompt[position + 1]);
        }
    }

    /** Returns the sampler of a row of the current step. */
    SamplerState sampler(int row) {
        return samplers[row];
    }

    /** Keeps what the sampler of a row reports. Call it in ascending order. */
    void accept(int row) {
        SamplerState sampler = samplers[row];
        logprobs[scored - first] = sampler.tokenLogprob();
        for (int rank = 0; rank < reported; rank++) {
            topTokens[(scored - first) * reported + rank] = sampler.topToken(rank);
            topLogprobs[(scored - first) * reported + rank] = sampler.topLogprob(rank);
        }
        scored++;
    }

    /** Whether every token to score has its score. */
    public boolean complete() {
        return scored == prompt.length;
    }

    /** Returns the position of the first token with a score. */
    public int first() {
        return first;
    }

    /** Returns the log-probability of the token at a position, from {@link #first}. */
    public float logprob(int position) {
        return logprobs[position - first];
    }

    /** Returns the most likely tokens at a position, from {@link #first}. */
    public List<TokenLogprob> top(int position) {
        List<TokenLogprob> top = new ArrayList<>(reported);
        int begin = (position - first) * reported;
        for (int i = begin; i < begin + reported; i++) {
            top.add(new TokenLogprob(topTokens[i], topLogprobs[i]));
        }
        return top;
    }
}
