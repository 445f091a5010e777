package dev.longhand.service.soak;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What names led to, and when; -1 is nowhere. */
final class SwappedNames {
    /** Nobody by that name. */
    static final int NONE = -1;

    private final Map<String, List<Span>> spans = new TreeMap<>();

    /** From before the change to it began until after the change away from it had ended. */
    private record Span(int content, long fromNanos, long toNanos) {}

    /** A change begins: from now on a name may lead to this, and still to what it led to. */
    synchronized void begin(String name, int content) {
        spans.computeIfAbsent(name, any -> new ArrayList<>())
                .add(new Span(content, System.nanoTime(), Long.MAX_VALUE));
    }

    /** The change of a name has ended: it leads nowhere else now. */
    synchronized void end(String name) {
        long now = System.nanoTime();
        List<Span> all = spans.get(name);
        for (int i = 0; i < all.size() - 1; i++) {
            Span span = all.get(i);
            all.set(i, new Span(span.content, span.fromNanos, Math.min(span.toNanos, now)));
        }
    }

    /** What a request may have met that was sent and begun in this time. */
    synchronized List<Integer> during(String name, long fromNanos, long toNanos) {
        return spans.get(name).stream()
                .filter(span -> span.fromNanos <= toNanos && span.toNanos >= fromNanos)
                .map(Span::content)
                .distinct()
                .toList();
    }

    /** All names, also of those that lead nowhere. */
    synchronized List<String> names() {
        return List.copyOf(spans.keySet());
    }

    /** Where a name leads now. */
    synchronized int content(String name) {
        return spans.get(name).getLast().content;
    }

    /** How often names changed. */
    synchronized int changes() {
        return spans.values().stream().mapToInt(List::size).sum();
    }
}
