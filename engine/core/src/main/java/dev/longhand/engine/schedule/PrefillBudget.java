package dev.longhand.engine.schedule;

import dev.longhand.engine.decode.Sequence;

import java.util.List;

/**
 * How many prompt rows a step may have. While nobody decodes, as many as fit. Beside decodes, so
 * few that the step takes at most 1 + {@link #SLOWDOWN} times as long as decodes usually do; more,
 * where more prompts wait than sequences decode, since then the step belongs to them. What a row
 * adds is learnt from the steps themselves. What is computed does not depend on it. Prompts share
 * the rows equally, so that a short one need not wait for a long one that came before it. Allocates
 * nothing after construction; used by one thread at a time.
 */
final class PrefillBudget {
    /** What decodes put up with: a reader sees no gap of twice the usual time. */
    private static final double SLOWDOWN = 0.6;

    /** So many rows at least: a prompt gets on in any case. */
    private static final int ROWS_LEAST = 2;

    /** Before anything is known. */
    private static final int ROWS_FIRST = 4;

    /** Rows grow at most so many times from one step to the next. */
    private static final int GROWTH = 2;

    /**
     * Every so many steps prompts pause for one, so that it is known what decodes take alone even
     * if prompts come all the time: contexts grow.
     */
    private static final int PAUSE_STEPS = 32;

    /** The weight of a new measurement. */
    private static final double NEW_WEIGHT = 1.0 / 4;

    /** The weight of a step in what is usual: who comes and goes shall not change it. */
    private static final double USUAL_WEIGHT = 1.0 / 256;

    /** A measurement counts at most as so many times the estimate: someone else had the core. */
    private static final double OUTLIER = 4;

    private final int rowsMax;
    private double rowNanos; // 0: not measured
    private double usualNanos; // of a step's decodes alone; 0: not measured
    private int rows = ROWS_FIRST;
    private int steps;

    /** For steps of at most so many prompt rows. */
    PrefillBudget(int rowsMax) {
        this.rowsMax = rowsMax;
    }

    /**
     * The most prompt rows of the next step.
     *
     * @param decodeNanos what its decodes take alone; 0 if unknown
     * @param decodes how many sequences decode
     * @param prompts how many have a prompt to compute
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

    /** Takes in what the decodes of a step take alone; 0 if unknown. Once for every step. */
    void decoded(double decodeNanos) {
        double weight = usualNanos == 0 ? 1 : USUAL_WEIGHT;
        usualNanos += decodeNanos == 0 ? 0 : weight * (decodeNanos - usualNanos);
    }

    /** Takes in a step with so many prompt rows beside decodes that take so long alone. */
    void measured(long nanos, double decodeNanos, int promptRows) {
        if (decodeNanos > 0) {
            double added = Math.max(1, nanos - decodeNanos) / promptRows;
            rowNanos +=
                    rowNanos == 0
                            ? added
                            : NEW_WEIGHT * (Math.min(added, OUTLIER * rowNanos) - rowNanos);
        }
    }

    /** The most rows that each prompt may have, so that all together have no more than given. */
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

    /** The rows of all prompts, if none has more than given. */
    static int total(List<Sequence> active, int most) {
        int total = 0;
        for (int i = 0; i < active.size(); i++) {
            total += Math.min(most, active.get(i).promptRows());
        }
        return total;
    }
}
