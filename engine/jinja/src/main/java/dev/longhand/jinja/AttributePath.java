package dev.longhand.jinja;

import java.util.ArrayList;
import java.util.List;

/**
 * Path of attributes and indices that filters take as one text, like {@code function.name}.
 *
 * @param parts none for the value itself
 * @param otherwise value in place of an undefined one; None is none
 */
record AttributePath(List<Object> parts, Object otherwise) {
    private static final AttributePath ITSELF = new AttributePath(List.of(), None.NONE);

    static AttributePath of(Object path) {
        if (path == None.NONE) {
            return ITSELF;
        }
        if (!(path instanceof String text)) {
            return new AttributePath(List.of(path), None.NONE);
        }
        List<Object> parts = new ArrayList<>();
        for (String part : text.split("\\.", -1)) {
            boolean isIndex = part.matches("\\d{1,9}");
            parts.add(isIndex ? (Object) Long.valueOf(part) : part);
        }
        return new AttributePath(parts, None.NONE);
    }

    /** Returns the paths of a text, which commas separate. */
    static List<AttributePath> several(Object paths) {
        if (!(paths instanceof String text)) {
            return List.of(of(paths));
        }
        List<AttributePath> several = new ArrayList<>();
        for (String path : text.split(",", -1)) {
            several.add(of(path));
        }
        return several;
    }

    AttributePath orElse(Object value) {
        return new AttributePath(parts, value);
    }

    Object get(Object value, RenderState state) {
        Object found = value;
        for (Object part : parts) {
            state.step();
            found = Attributes.item(found, part, state);
            if (found instanceof Undefined && otherwise != None.NONE) {
                return otherwise;
            }
        }
        return found;
    }
}
