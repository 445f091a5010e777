package dev.longhand.engine.speculation;

/**
 * A decode step while it is planned: how many rows it will have, how many tokens it will probably
 * give, and how long a step of so many rows takes. Times are learnt from the steps themselves.
 * Allocates nothing after construction; used by one thread at a time.
 */
public final class StepCostModel {
    /** What a row more is assumed to add to a step's time before it was measured. */
    private static final double ROW_ASSUMED = 0.1;

    /** The weight of a new measurement. */
    private static final double NEW_WEIGHT = 1.0 / 8;

    /** A measurement counts at most as so many times the estimate: someone else had the core. */
    private static final double OUTLIER = 2;

    /** The first runs of a step of a size compile, upload or record something. */
    private static final int FIRST_RUNS = 2;

    /**
     * By so much per step the estimates of larger steps sink towards that of the present one, so
     * that a size that seemed too slow is tried again, after some hundred steps.
     */
    private static final double FORGET = 1.0 / 1024;

    private final double[] nanos; // by rows; 0: not measured
    private final int[] runs;
    private int rows;
    private double tokens;
    private boolean measured;

    /** A forecast for steps of at most so many rows. */
    public StepCostModel(int rowsMax) {
        nanos = new double[rowsMax + 1];
        runs = new int[rowsMax + 1];
    }

    /** Begins to plan a step in which so many sequences decode, and nothing else happens. */
    public void begin(int sequences) {
        rows = sequences;
        tokens = sequences;
    }

    /** How many times the tokens per second a draft would give. */
    double gain(int draftRows, double draftTokens) {
        return (tokens + draftTokens) / tokens * (estimate(rows) / estimate(rows + draftRows));
    }

    /** Adds a draft to the plan. */
    void add(int draftRows, double draftTokens) {
        rows += draftRows;
        tokens += draftTokens;
    }

    /** How long the planned step will take, in nanoseconds; 0 if no step was measured yet. */
    public double nanos() {
        return measured ? estimate(rows) : 0;
    }

    /** Takes in how long the planned step took. */
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
     * Nanoseconds of a step, a guess without a unit before any was measured; between measured sizes
     * on a line, beyond them as assumed.
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
