package dev.longhand.study.table;

/**
 * A 95 % interval of an accuracy, in percent.
 *
 * @param low its lower end
 * @param high its upper end
 */
public record Interval(double low, double high) {
    private static final double Z = 1.959963984540054;

    /** Whether a value, which was rounded to one decimal, lies in the interval. */
    boolean holds(double value) {
        return value >= low - 0.05 && value <= high + 0.05;
    }

    /** Wilson's interval of {@code correct} right answers among {@code n}. */
    static Interval wilson(int correct, int n) {
        double p = (double) correct / n;
        double scale = 1 + Z * Z / n;
        double middle = (p + Z * Z / (2 * n)) / scale;
        double half = Z / scale * Math.sqrt(p * (1 - p) / n + Z * Z / (4.0 * n * n));
        return new Interval(100 * Math.max(0, middle - half), 100 * Math.min(1, middle + half));
    }
}
