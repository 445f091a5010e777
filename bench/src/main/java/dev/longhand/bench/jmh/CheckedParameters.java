package dev.longhand.bench.jmh;

import dev.longhand.bench.report.RunCost;
import dev.longhand.engine.error.InputException;

/** Parameters of a benchmark that are checked before JMH starts a JVM for it. */
public interface CheckedParameters {
    /**
     * Checks the parameters; generates nothing.
     *
     * @throws InputException if the benchmark cannot run with them
     */
    void check();

    /**
     * Returns what one invocation costs.
     *
     * @param invocations how often the benchmark runs; 0 if it runs for a given time
     */
    default RunCost cost(int invocations) {
        return RunCost.NONE;
    }
}
