package dev.longhand.app.hub;

import java.io.IOException;
import java.util.function.Consumer;

/** Counts failures one after another, and waits longer after each. */
final class Retries {
    private static final long WAIT_MILLIS_MAX = 60_000;

    private final Rule rule;
    private final Consumer<String> notes;
    private int failures;

    /**
     * When to give up.
     *
     * @param failuresMax the failures without progress that are borne
     * @param firstMillis the wait after the first; each later one is twice as long
     */
    record Rule(int failuresMax, long firstMillis) {}

    /** Something that may fail for a while. */
    @FunctionalInterface
    interface Attempt<T> {
        T run() throws IOException, InterruptedException;
    }

    /**
     * Creates a count.
     *
     * @param notes receives a line for the user before each wait
     */
    Retries(Rule rule, Consumer<String> notes) {
        this.rule = rule;
        this.notes = notes;
    }

    /** Runs an attempt until it succeeds. */
    <T> T run(Attempt<T> attempt) throws IOException, InterruptedException {
        while (true) {
            try {
                return attempt.run();
            } catch (TransientFailure e) {
                waitAfter(e, false);
            }
        }
    }

    /**
     * Waits after a failure.
     *
     * @param progress whether something was achieved since the failure before
     * @throws TransientFailure the failure itself, if it was one too many, or the server wants to
     *     be left alone for longer than a minute
     */
    void waitAfter(TransientFailure failure, boolean progress)
            throws TransientFailure, InterruptedException {
        failures = progress ? 1 : failures + 1;
        if (failures > rule.failuresMax || failure.waitMillis() > WAIT_MILLIS_MAX) {
            throw failure;
        }
        long own = rule.firstMillis << (failures - 1);
        long millis = Math.min(WAIT_MILLIS_MAX, Math.max(own, failure.waitMillis()));
        notes.accept("%s; again in %d s".formatted(failure.getMessage(), (millis + 999) / 1000));
        Thread.sleep(millis);
    }
}
