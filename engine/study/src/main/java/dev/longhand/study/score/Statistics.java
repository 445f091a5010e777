package dev.longhand.study.score;

import java.util.List;

/** The statistics of right and wrong answers. */
public final class Statistics {
    /** The quantile of the normal distribution for an interval of 95 %. */
    private static final double Z = 1.959963984540054;

    private Statistics() {}

    /**
     * Returns the ends of Wilson's 95 % interval of a share, in percent; (0, 100) for no trials.
     */
    public static List<Double> wilson(int right, int trials) {
        if (trials == 0) {
            return List.of(0.0, 100.0);
        }
        double share = (double) right / trials;
        double z2 = Z * Z / trials;
        double centre = (share + z2 / 2) / (1 + z2);
        double half = Z * Math.sqrt(share * (1 - share) / trials + z2 / (4 * trials)) / (1 + z2);
        return List.of(100 * Math.max(0, centre - half), 100 * Math.min(1, centre + half));
    }

    /**
     * Returns the unbiased estimate of the chance that one of {@code k} answers is right: 1 -
     * C(n-c, k) / C(n, k).
     *
     * @param samples the number of answers, n
     * @param right the number of right ones, c
     */
    public static double passAtK(int samples, int right, int k) {
        if (samples - right < k) {
            return 1;
        }
        double none = 1;
        for (int i = samples - right + 1; i <= samples; i++) {
            none *= 1 - (double) k / i;
        }
        return 1 - none;
    }

    /**
     * Returns the two-sided p of McNemar's exact test: whether two runs differ in more problems
     * than by chance.
     *
     * @param gained the problems that only the second run has right
     * @param lost the problems that only the first run has right
     */
    public static double mcnemar(int gained, int lost) {
        int changed = gained + lost;
        double logTerm = -changed * Math.log(2);
        double tail = 0;
        for (int i = 0; i <= Math.min(gained, lost); i++) {
            tail += Math.exp(logTerm);
            logTerm += Math.log(changed - i) - Math.log(i + 1);
        }
        return Math.min(1, 2 * tail);
    }
}
