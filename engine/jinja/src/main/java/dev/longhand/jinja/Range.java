package dev.longhand.jinja;

import java.util.ArrayList;
import java.util.List;

/**
 * Python's range.
 *
 * @param items all its values
 */
record Range(long start, long stop, long step, List<Object> items) {
    static Range of(long start, long stop, long step) {
        List<Object> items = new ArrayList<>();
        for (long value = start; step > 0 ? value < stop : value > stop; value += step) {
            items.add(value);
        }
        return new Range(start, stop, step, items);
    }

    /** Returns the part that a slice takes. */
    Range sliced(Slice slice) {
        long by = slice.step() == null ? 1 : slice.step();
        int size = items.size();
        int from = Slice.bound(slice.begin(), by > 0 ? 0 : size - 1, size, (int) by);
        int to = Slice.bound(slice.end(), by > 0 ? size : -1, size, (int) by);
        return of(start + from * step, start + to * step, step * by);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Range range && items.equals(range.items);
    }

    @Override
    public int hashCode() {
        return items.hashCode();
    }

    @Override
    public String toString() {
        return "range(" + start + ", " + stop + (step == 1 ? ")" : ", " + step + ")");
    }
}
