package dev.longhand.service.soak;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Records which content each name had, and when; -1 is no content. */
final class SwappedNames {
    /** The name has no content. */
    static final int NONE = -1;

    private final Map<String, List<Span>> spans = new TreeMap<>();

    /**
     * A content of a name, from the start of the swap to it to the end of the swap away from it.
     */
    private record Span(int content, long fromNanos, long toNanos) {}

    /** A swap begins: the name may have the new content or still the old one. */
    synchronized void begin(String name, int content) {
        spans.computeIfAbsent(name, any -> new ArrayList<>())
                .add(new Span(content, System.nanoTime(), Long.MAX_VALUE));
    }

    /** The swap of a name has ended: it has the new content only. */
    synchronized void end(String name) {
        long now = System.nanoTime();
        List<Span> all = spans.get(name);
        for (int i = 0; i < all.size() - 1; i++) {
            Span span = all.get(i);
            all.set(i, new Span(span.content, span.fromNanos, Math.min(span.toNanos, now)));
        }
    }

    /** The contents that a request may have used that was sent and began in this interval. */
    synchronized List<Integer> during(String name, long fromNanos, long toNanos) {
        return spans.get(name).stream()
                .filter(span -> span.fromNanos <= toNanos && span.toNanos >= fromNanos)
                .map(Span::content)
                .distinct()
                .toList();
    }

    /** All names, including those without content. */
    synchronized List<String> names() {
        return List.copyOf(spans.keySet());
    }

    /** The current content of a name. */
    synchronized int content(String name) {
        return spans.get(name).getLast().content;
    }

    /** The number of swaps. */
    synchronized int changes() {
        return spans.values().stream().mapToInt(List::size).sum();
    }
}
