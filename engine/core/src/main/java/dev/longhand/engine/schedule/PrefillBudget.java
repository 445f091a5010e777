package dev.longhand.engine.schedule;

import dev.longhand.engine.decode.Sequence;

import java.util.List;

/**
 * The number of prompt rows that a step may have. Without decoding sequences, it is the maximum.
 * With them, it is chosen so that the step takes at most 1 + {@link #SLOWDOWN} times as long as
 * decoding alone usually takes. If there are more prompts than decoding sequences, the slowdown is
 * multiplied by their ratio. The time per prompt row is estimated from measured steps. Results do
 * not depend on the budget. Prompts share the rows equally, so a short one does not wait for a long
 * one that came before it. Allocates nothing after construction; used by one thread at a time.
 */
final class PrefillBudget {
    /** The slowdown that decodes tolerate: a reader sees no gap of twice the usual time. */
    private static final double SLOWDOWN = 0.6;

    /** The least prompt rows of a step, so that a prompt always makes progress. */
    private static final int ROWS_LEAST = 2;

    /** The prompt rows of a step before anything is measured. */
    private static final int ROWS_FIRST = 4;

    /** The most by which the rows are multiplied from one step to the next. */
    private static final int GROWTH = 2;

    /**
     * One step in this many has no prompt rows. It measures the time of decoding alone, which grows
     * with the contexts, even if prompts never cease.
     */
    private static final int PAUSE_STEPS = 32;

    /** The weight of a new measurement in the time per prompt row. */
    private static final double NEW_WEIGHT = 1.0 / 4;

    /**
     * The weight of a step in the usual decode time; small, so that sequences that come and go
     * hardly change it.
     */
    private static final double USUAL_WEIGHT = 1.0 / 256;

    /** Measurements are capped at this multiple of the estimate: other processes share the core. */
    private static final double OUTLIER = 4;

    private final int rowsMax;
    private double rowNanos; // 0: not measured
    private double usualNanos; // of a step with decode rows only; 0: not measured
    private int rows = ROWS_FIRST;
    private int steps;

    /** Creates a budget for steps of at most {@code rowsMax} prompt rows. */
    PrefillBudget(int rowsMax) {
        this.rowsMax = rowsMax;
    }

    /**
     * Returns the most prompt rows of the next step. Call it once per step with prompts.
     *
     * @param decodeNanos expected time of its decode rows alone; 0 if unknown
     * @param decodes number of decoding sequences
     * @param prompts number of sequences that have prompt rows left
     */
    int rows(double decodeNanos, int decodes, int prompts) {
        if (decodes == 0) {
            return rowsMax;
        }
        if (++steps % PAUSE_STEPS == 0) {
            return 0;
        }
        if (rowNanos > 0 && decodeNanos > 0) {
            double slowdown = SLOWDOWN * Math.max(1, (double) prompts / decodes);
            double fitting = ((1 + slowdown) * usualNanos - decodeNanos) / rowNanos;
            rows = (int) Math.clamp(fitting, ROWS_LEAST, (double) GROWTH * rows);
        }
        return Math.min(rows, rowsMax);
    }

    /**
     * Records the expected time of a step's decode rows alone; 0 if unknown. Call it once for every
     * step with decode rows.
     */
    void decoded(double decodeNanos) {
        double weight = usualNanos == 0 ? 1 : USUAL_WEIGHT;
        usualNanos += decodeNanos == 0 ? 0 : weight * (decodeNanos - usualNanos);
    }

    /**
     * Records a step with both decode and prompt rows.
     *
     * @param nanos measured time of the step
     * @param decodeNanos expected time of its decode rows alone; 0 if unknown
     * @param promptRows number of its prompt rows, at least 1
     */
    void measured(long nanos, double decodeNanos, int promptRows) {
        if (decodeNanos > 0) {
            double added = Math.max(1, nanos - decodeNanos) / promptRows;
            rowNanos +=
                    rowNanos == 0
                            ? added
                            : NEW_WEIGHT * (Math.min(added, OUTLIER * rowNanos) - rowNanos);
        }
    }

    /**
     * Returns the largest limit per prompt with which all prompts together have at most {@code
     * rows} rows.
     */
    static int level(List<Sequence> active, int rows) {
        int low = 0;
        int high = rows;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (total(active, middle) <= rows) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** Returns the number of rows of all prompts if each has at most {@code most}. */
    static int total(List<Sequence> active, int most) {
        int total = 0;
        for (int i = 0; i < active.size(); i++) {
            total += Math.min(most, active.get(i).promptRows());
        }
        return total;
    }
}
