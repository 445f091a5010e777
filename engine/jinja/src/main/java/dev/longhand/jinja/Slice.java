package dev.longhand.jinja;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/** Python's slice; an absent bound is null. */
record Slice(@Nullable Integer begin, @Nullable Integer end, @Nullable Integer step) {
    List<Object> of(List<Object> values, RenderState state) {
        int by = step == null ? 1 : step;
        if (by == 0) {
            throw TemplateException.value("slice step cannot be zero");
        }
        int size = values.size();
        int from = bound(begin, by > 0 ? 0 : size - 1, size, by);
        int to = bound(end, by > 0 ? size : -1, size, by);
        List<Object> taken = new ArrayList<>();
        for (long i = from; by > 0 ? i < to : i > to; i += by) {
            state.step();
            taken.add(values.get((int) i));
        }
        return taken;
    }

    /** Slices a text by its code points. */
    String of(String text, RenderState state) {
        state.textSteps(text.length());
        int by = step == null ? 1 : step;
        int size = text.codePointCount(0, text.length());
        if (by == 1) {
            int from = bound(begin, 0, size, 1);
            int to = Math.max(from, bound(end, size, size, 1));
            int first = text.offsetByCodePoints(0, from);
            return text.substring(first, text.offsetByCodePoints(first, to - from));
        }
        List<Object> points = new ArrayList<>();
        text.codePoints().forEach(point -> points.add((Object) point));
        StringBuilder taken = new StringBuilder();
        of(points, state).forEach(point -> taken.appendCodePoint((Integer) point));
        return taken.toString();
    }

    static int bound(@Nullable Integer given, int otherwise, int size, int by) {
        if (given == null) {
            return otherwise;
        }
        int lowest = by > 0 ? 0 : -1;
        int highest = by > 0 ? size : size - 1;
        long index = given < 0 ? (long) given + size : given;
        return Math.clamp(index, lowest, Math.max(lowest, highest));
    }
}
