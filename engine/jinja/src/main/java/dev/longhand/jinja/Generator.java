package dev.longhand.jinja;

import java.util.Iterator;
import java.util.List;

/** Result of a filter that Python computes while it is iterated; each value is there once. */
final class Generator {
    private final Iterator<Object> rest;

    Generator(List<Object> values) {
        rest = values.iterator();
    }

    Iterator<Object> rest() {
        return rest;
    }
}
