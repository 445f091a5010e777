package dev.longhand.engine.constraint;

import dev.longhand.engine.error.AnswerFormatException;
import dev.longhand.engine.thought.ThoughtTracker;

import org.jspecify.annotations.Nullable;

/**
 * Holds the answer of one sequence to a format: knows, after every token, which tokens may come
 * next. A thought before the answer is free, but does not end the sequence. Used by one thread.
 */
public final class AnswerConstraint {
    /** Positions that one sequence may look at: at first, and more for each token. */
    private static final long WORK_FIRST = 16_000_000;

    private static final long WORK_PER_TOKEN = 100_000;

    private final FormatTokens format;
    private final @Nullable ThoughtTracker thought;
    private final int thoughtEndLast;
    private AutomatonState state;
    private AutomatonState drafted; // after the draft tokens so far
    private boolean free; // in a thought
    private boolean thinking; // before the last token
    private long workLeft = WORK_FIRST;
    private @Nullable AnswerFormatException failure;

    /**
     * Creates the constraint of a sequence without output.
     *
     * @param thought tracks the thought; each token is added to it before {@link #accept}
     * @param thoughtEndLast last byte of the text that ends a thought
     */
    public AnswerConstraint(
            FormatTokens format, @Nullable ThoughtTracker thought, byte thoughtEndLast) {
        this.format = format;
        this.thought = thought;
        this.thoughtEndLast = thoughtEndLast;
        state = format.first();
        drafted = state;
        free = thought != null && thought.thinking();
        thinking = free;
    }

    /** Returns the heap that the format takes, in bytes. */
    public long bytes() {
        return format.bytes();
    }

    /**
     * Begins a step; returns the tokens that may come next, a bit for each, or null if all may.
     *
     * @param forced token that comes next in any case, or -1
     */
    public long @Nullable [] next(int forced) {
        drafted = state;
        if (forced >= 0) {
            return null;
        }
        return free ? format.thoughtTokens() : tokens(state);
    }

    /**
     * Adds a draft token to the step, unless it cannot come next or the tokens after it depend on
     * more than the format.
     */
    public boolean draft(int token) {
        if (free) {
            for (int i = 0; i < format.table().length(token); i++) {
                if (format.table().byteAt(token, i) == thoughtEndLast) {
                    return false; // the thought may end
                }
            }
            return !format.table().isSpecial(token);
        }
        AutomatonState next = format.after(drafted, token, 0);
        if (next.dead() || next.complete() || format.inThought(next)) {
            return false;
        }
        drafted = next;
        return true;
    }

    /** Returns the tokens that may come after the draft tokens so far, or null if all may. */
    public long @Nullable [] afterDraft() {
        return free ? format.thoughtTokens() : tokens(drafted);
    }

    private long @Nullable [] tokens(AutomatonState at) {
        if (failure == null) {
            try {
                long[] known = at.tokens();
                if (known != null) {
                    return known;
                }
                long before = format.work();
                long[] tokens = format.tokens(at);
                workLeft -= format.work() - before;
                if (workLeft < 0) {
                    throw FormatTokens.tooComplex();
                }
                return tokens;
            } catch (AnswerFormatException e) {
                failure = e;
            }
        }
        return null; // the sequence fails with its next token
    }

    /**
     * Adds the next output token.
     *
     * @return whether the answer is complete and cannot go on
     * @throws AnswerFormatException if the tokens that may come next could not be found
     */
    public boolean accept(int token) {
        if (failure != null) {
            throw failure;
        }
        workLeft += WORK_PER_TOKEN;
        if (free) {
            acceptThought(token);
            return false;
        }
        AutomatonState next = format.after(state, token, 0);
        if (!next.dead()) { // an end token leads nowhere
            state = next;
        }
        free = thought != null && thought.thinking();
        thinking = free;
        return state.complete();
    }

    /** Begins the answer once the thought has ended and its closing text is written. */
    private void acceptThought(int token) {
        if (thought == null || thought.thinking()) {
            return;
        }
        boolean ends = thinking;
        thinking = false;
        if (thought.forced() >= 0) {
            return;
        }
        free = false;
        state = format.start();
        if (ends) {
            int from = thought.endBytes();
            while (from < format.table().length(token)
                    && Character.isWhitespace(format.table().byteAt(token, from))) {
                from++;
            }
            AutomatonState rest = format.after(state, token, from);
            state = rest.dead() ? state : rest;
        }
    }
}
