package dev.longhand.bench.report;

/**
 * A measured quantity.
 *
 * @param name the name; empty if the unit suffices, as in tokens/s
 * @param unit the unit; empty for a plain count
 */
public record Metric(String name, String unit) {
    private static final String PERCENT = "%";

    /** Creates a quantity that its unit alone identifies. */
    public static Metric of(String unit) {
        return new Metric("", unit);
    }

    /** Name and unit, for a table's head and as a key of the history. */
    public String label() {
        return (unit.equals(PERCENT) ? unit + " " + name : name + " " + unit).strip();
    }
}
