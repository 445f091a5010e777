package dev.longhand.engine.speculation;

/**
 * The cost of a decode step while it is planned: its rows, the tokens it is expected to give, and
 * its duration. Durations per number of rows are estimated from measured steps. Allocates nothing
 * after construction; used by one thread at a time.
 */
public final class StepCostModel {
    /** The assumed cost of a row, relative to the fixed cost of a step, for unmeasured sizes. */
    private static final double ROW_ASSUMED = 0.1;

    /** The weight of a new measurement in the estimate of its size. */
    private static final double NEW_WEIGHT = 1.0 / 8;

    /** Measurements are capped at this multiple of the estimate: other processes share the core. */
    private static final double OUTLIER = 2;

    /**
     * The number of first steps of a size that are not measured: they compile, upload or record
     * something.
     */
    private static final int FIRST_RUNS = 2;

    /**
     * The rate per measured step at which higher estimates of larger steps approach that of the
     * measured size. So a size that seemed too slow is tried again, after some hundred steps.
     */
    private static final double FORGET = 1.0 / 1024;

    private final double[] nanos; // by rows; 0: not measured
    private final int[] runs;
    private int rows;
    private double tokens;
    private boolean measured;

    /** Creates a model of steps with at most {@code rowsMax} rows. */
    public StepCostModel(int rowsMax) {
        nanos = new double[rowsMax + 1];
        runs = new int[rowsMax + 1];
    }

    /** Begins the plan of a step with one decode row per sequence and no other rows. */
    public void begin(int sequences) {
        rows = sequences;
        tokens = sequences;
    }

    /** Returns the factor by which a draft would raise the tokens per second. */
    double gain(int draftRows, double draftTokens) {
        return (tokens + draftTokens) / tokens * (estimate(rows) / estimate(rows + draftRows));
    }

    /**
     * Adds a draft to the plan.
     *
     * @param draftRows rows that verify draft tokens
     * @param draftTokens expected number of accepted ones
     */
    void add(int draftRows, double draftTokens) {
        rows += draftRows;
        tokens += draftTokens;
    }

    /** Returns the expected nanoseconds of the planned step; 0 if no step was measured yet. */
    public double nanos() {
        return measured ? estimate(rows) : 0;
    }

    /** Records the measured nanoseconds of the planned step. */
    public void measured(long took) {
        if (runs[rows] < FIRST_RUNS) {
            runs[rows]++;
            return;
        }
        double known = nanos[rows];
        double now = (double) took;
        measured = true;
        nanos[rows] =
                known == 0 ? now : known + NEW_WEIGHT * (Math.min(now, OUTLIER * known) - known);
        for (int more = rows + 1; more < nanos.length; more++) {
            if (nanos[more] > nanos[rows]) {
                nanos[more] -= FORGET * (nanos[more] - nanos[rows]);
            }
        }
    }

    /**
     * Estimates the nanoseconds of a step. Between measured sizes it interpolates; below all of
     * them it returns the time of the smallest; above all of them it scales the time of the largest
     * by {@link #ROW_ASSUMED}. Before the first measurement the result has no unit.
     */
    private double estimate(int size) {
        int below = size;
        while (below > 0 && nanos[below] == 0) {
            below--;
        }
        int above = size;
        while (above < nanos.length - 1 && nanos[above] == 0) {
            above++;
        }
        if (nanos[below] == 0 && nanos[above] == 0) {
            return 1 + ROW_ASSUMED * size;
        }
        if (nanos[below] == 0) {
            return nanos[above];
        }
        if (nanos[above] == 0) {
            return nanos[below] * (1 + ROW_ASSUMED * size) / (1 + ROW_ASSUMED * below);
        }
        double part = below == above ? 0 : (double) (size - below) / (above - below);
        return nanos[below] + part * (nanos[above] - nanos[below]);
    }
}
