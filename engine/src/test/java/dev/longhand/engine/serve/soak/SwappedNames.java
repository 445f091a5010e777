package dev.longhand.engine.serve.soak;

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

    /** A change that began then and has ended now. */
    synchronized void changed(String name, int content, long beganNanos) {
        List<Span> all = spans.computeIfAbsent(name, any -> new ArrayList<>());
        if (!all.isEmpty()) {
            Span last = all.removeLast();
            all.add(new Span(last.content, last.fromNanos, System.nanoTime()));
        }
        all.add(new Span(content, beganNanos, Long.MAX_VALUE));
    }

    /** What a request may have met that was sent and begun in this time. */
    synchronized List<Integer> during(String name, long fromNanos, long toNanos) {
        return spans.get(name).stream()
                .filter(span -> span.fromNanos <= toNanos && span.toNanos >= fromNanos)
                .map(Span::content)
                .distinct()
                .toList();
    }

    /** A name and its content; fixed ones are changed once. */
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
